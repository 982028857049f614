-- question: where did every document and byte of a step go? Ids are compared, not only counted: one lost and another twice is no balance
-- grain: one row
-- columns: the ledger's, less step, clock and machine
WITH came AS (
    SELECT doc_id, CAST(COUNT(*) AS BIGINT) AS num_rows, CAST(SUM(num_bytes) AS BIGINT) AS num_bytes FROM before GROUP BY doc_id
),
ended AS (
    SELECT doc_id, MIN(fate) AS fate, CAST(COUNT(*) AS BIGINT) AS num_rows, CAST(SUM(num_bytes) AS BIGINT) AS num_bytes
    FROM (
        SELECT doc_id, 'kept' AS fate, num_bytes FROM after
        UNION ALL
        SELECT doc_id, fate, CAST(0 AS BIGINT) AS num_bytes FROM fates
    ) ends
    GROUP BY doc_id
),
changed AS (
    SELECT doc_id, CAST(SUM("end" - "start") AS BIGINT) AS num_cut, CAST(SUM(new_length) AS BIGINT) AS num_added FROM edits GROUP BY doc_id
),
settled AS (
    SELECT
        COALESCE(c.num_rows, 0) AS num_in,
        COALESCE(c.num_bytes, 0) AS bytes_in,
        COALESCE(e.num_bytes, 0) AS bytes_kept,
        CASE WHEN c.num_rows = 1 AND e.num_rows = 1 THEN e.fate END AS fate,
        CASE WHEN c.doc_id IS NULL THEN 1 ELSE 0 END AS is_strange,
        CASE WHEN e.fate = 'kept' THEN COALESCE(x.num_cut, 0) ELSE 0 END AS num_cut,
        CASE WHEN e.fate = 'kept' THEN COALESCE(x.num_added, 0) ELSE 0 END AS num_added
    FROM came c
    FULL OUTER JOIN ended e ON e.doc_id = c.doc_id
    LEFT JOIN changed x ON x.doc_id = e.doc_id
)
SELECT
    CAST(COALESCE(SUM(num_in), 0) AS BIGINT) AS docs_in,
    CAST(COALESCE(SUM(CASE WHEN fate = 'kept' THEN 1 ELSE 0 END), 0) AS BIGINT) - CAST(COALESCE(SUM(is_strange), 0) AS BIGINT) AS docs_kept,
    CAST(COALESCE(SUM(CASE WHEN fate = 'dropped' THEN 1 ELSE 0 END), 0) AS BIGINT) AS docs_dropped,
    CAST(COALESCE(SUM(CASE WHEN fate = 'quarantined' THEN 1 ELSE 0 END), 0) AS BIGINT) AS docs_quarantined,
    CAST(COALESCE(SUM(bytes_in), 0) AS BIGINT) AS bytes_in,
    CAST(COALESCE(SUM(bytes_kept), 0) AS BIGINT) AS bytes_kept,
    CAST(COALESCE(SUM(num_cut), 0) AS BIGINT) AS bytes_cut,
    CAST(COALESCE(SUM(num_added), 0) AS BIGINT) AS bytes_added,
    CAST(COALESCE(SUM(CASE WHEN fate = 'dropped' THEN bytes_in ELSE 0 END), 0) AS BIGINT) AS bytes_dropped,
    CAST(COALESCE(SUM(CASE WHEN fate = 'quarantined' THEN bytes_in ELSE 0 END), 0) AS BIGINT) AS bytes_quarantined
FROM settled
