-- question: which spans are of documents that go on?
-- grain: a span of a document that has no fate yet
-- columns: doc_id, start, end
SELECT s.doc_id, s."start", s."end"
FROM spans s
LEFT JOIN fates f ON f.doc_id = s.doc_id
WHERE f.doc_id IS NULL
