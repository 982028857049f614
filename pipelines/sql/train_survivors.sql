-- question: which documents are on the train side, with which cuts?
-- grain: a document
-- columns: doc_id, split, cuts
SELECT s.doc_id, p.split, c.cuts
FROM survivors s
JOIN splits p ON p.doc_id = s.doc_id
LEFT JOIN cut_lists c ON c.doc_id = s.doc_id
WHERE p.split = 'train'
