-- question: how many documents are not in a product exactly once, or are in it and were never expected?
-- grain: one row
-- columns: num_strays
WITH wanted AS (
    SELECT DISTINCT doc_id FROM expected
),
made AS (
    SELECT doc_id, CAST(COUNT(*) AS BIGINT) AS num_rows FROM product GROUP BY doc_id
)
SELECT CAST(COUNT(*) AS BIGINT) AS num_strays
FROM wanted w
FULL OUTER JOIN made m ON m.doc_id = w.doc_id
WHERE w.doc_id IS NULL OR m.doc_id IS NULL OR m.num_rows <> 1
