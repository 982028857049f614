-- question: where did every document and byte of a step go?
-- grain: one row
-- columns: the ledger's, less step, clock and machine
SELECT
    (SELECT CAST(COUNT(*) AS BIGINT) FROM before) AS docs_in,
    (SELECT CAST(COUNT(*) AS BIGINT) FROM after) AS docs_kept,
    (SELECT CAST(COUNT(*) AS BIGINT) FROM fates WHERE fate = 'dropped') AS docs_dropped,
    (SELECT CAST(COUNT(*) AS BIGINT) FROM fates WHERE fate = 'quarantined') AS docs_quarantined,
    (SELECT CAST(COALESCE(SUM(num_bytes), 0) AS BIGINT) FROM before) AS bytes_in,
    (SELECT CAST(COALESCE(SUM(num_bytes), 0) AS BIGINT) FROM after) AS bytes_kept,
    (SELECT CAST(COALESCE(SUM(e."end" - e."start"), 0) AS BIGINT) FROM edits e JOIN after a ON a.doc_id = e.doc_id) AS bytes_cut,
    (SELECT CAST(COALESCE(SUM(e.new_length), 0) AS BIGINT) FROM edits e JOIN after a ON a.doc_id = e.doc_id) AS bytes_added,
    (SELECT CAST(COALESCE(SUM(b.num_bytes), 0) AS BIGINT) FROM before b JOIN fates f ON f.doc_id = b.doc_id WHERE f.fate = 'dropped') AS bytes_dropped,
    (SELECT CAST(COALESCE(SUM(b.num_bytes), 0) AS BIGINT) FROM before b JOIN fates f ON f.doc_id = b.doc_id WHERE f.fate = 'quarantined')
        AS bytes_quarantined
