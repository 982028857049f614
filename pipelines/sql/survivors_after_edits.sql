-- question: which documents go on, and how long is each after the cuts?
-- grain: a document
-- columns: doc_id, num_bytes
WITH changes AS (
    SELECT doc_id, CAST(SUM(new_length - ("end" - "start")) AS BIGINT) AS change FROM edits GROUP BY doc_id
)
SELECT s.doc_id, CAST(s.num_bytes + COALESCE(c.change, 0) AS BIGINT) AS num_bytes
FROM survivors s
LEFT JOIN fates f ON f.doc_id = s.doc_id
LEFT JOIN changes c ON c.doc_id = s.doc_id
WHERE f.doc_id IS NULL
