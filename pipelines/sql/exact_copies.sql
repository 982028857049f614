-- question: which documents have the same clean text as one with a lower doc_id?
-- grain: a copy
-- columns: doc_id, kept_doc_id
WITH alive AS (
    SELECT t.doc_id, t.sha256 FROM texts t JOIN survivors s ON s.doc_id = t.doc_id
),
lowest AS (
    SELECT sha256, MIN(doc_id) AS kept_doc_id FROM alive GROUP BY sha256 HAVING COUNT(*) > 1
)
SELECT a.doc_id, l.kept_doc_id
FROM alive a
JOIN lowest l ON l.sha256 = a.sha256
WHERE a.doc_id <> l.kept_doc_id
