-- question: which documents stand for their exact copies?
-- grain: a document
-- columns: doc_id, num_bytes
SELECT s.doc_id, s.num_bytes
FROM survivors s
LEFT JOIN copies c ON c.doc_id = s.doc_id
WHERE c.doc_id IS NULL
