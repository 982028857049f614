-- question: which component of candidates is a document in?
-- grain: a document in a component of at least two
-- columns: doc_id, cluster_id
SELECT a AS doc_id, b AS cluster_id FROM edges
UNION ALL
SELECT DISTINCT b AS doc_id, b AS cluster_id FROM edges
