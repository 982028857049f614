-- question: which documents are published?
-- grain: a document
-- columns: doc_id, fate, step, reason
SELECT s.doc_id, 'kept' AS fate, 'publish' AS step, CAST(NULL AS STRING) AS reason
FROM survivors s
