-- question: which documents are on the train side?
-- grain: a document
-- columns: doc_id, split
SELECT s.doc_id, p.split
FROM survivors s
JOIN splits p ON p.doc_id = s.doc_id
WHERE p.split = 'train'
