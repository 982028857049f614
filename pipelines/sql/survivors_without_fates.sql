-- question: which documents go on?
-- grain: a document that has no fate yet
-- columns: doc_id, num_bytes
SELECT s.doc_id, s.num_bytes
FROM survivors s
LEFT JOIN fates f ON f.doc_id = s.doc_id
WHERE f.doc_id IS NULL
