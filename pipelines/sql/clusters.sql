-- question: which documents share a component with another, exact copies included?
-- grain: a document
-- columns: doc_id, cluster_id
SELECT doc_id, cluster_id FROM components
UNION ALL
SELECT c.doc_id, COALESCE(k.cluster_id, c.kept_doc_id) AS cluster_id
FROM copies c
LEFT JOIN components k ON k.doc_id = c.kept_doc_id
UNION ALL
SELECT DISTINCT c.kept_doc_id AS doc_id, c.kept_doc_id AS cluster_id
FROM copies c
LEFT JOIN components k ON k.doc_id = c.kept_doc_id
WHERE k.doc_id IS NULL
