-- question: what was met, what was kept, and what was set aside? The tally was counted apart from the tables
-- grain: one row
-- columns: the ledger's, of what ingest fills
SELECT
    (SELECT CAST(COALESCE(SUM(num_records), 0) AS BIGINT) FROM tally) AS docs_in,
    (SELECT CAST(COUNT(*) AS BIGINT) FROM survivors) AS docs_kept,
    (SELECT CAST(COUNT(*) AS BIGINT) FROM quarantine) AS docs_quarantined,
    (SELECT CAST(COALESCE(SUM(num_bytes), 0) AS BIGINT) FROM tally) AS bytes_in,
    (SELECT CAST(COALESCE(SUM(num_bytes), 0) AS BIGINT) FROM survivors) AS bytes_kept,
    (SELECT CAST(COALESCE(SUM(num_bytes), 0) AS BIGINT) FROM quarantine) AS bytes_quarantined
