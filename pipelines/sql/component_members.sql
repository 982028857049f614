-- question: which documents make up each component of candidates, with their texts?
-- grain: a document in a component of at least two
-- columns: doc_id, cluster_id, num_bytes, text
WITH labels AS (
    SELECT a AS doc_id, b AS cluster_id FROM edges
    UNION ALL
    SELECT DISTINCT b AS doc_id, b AS cluster_id FROM edges
)
SELECT l.doc_id, l.cluster_id, t.num_bytes, t.text
FROM labels l
JOIN texts t ON t.doc_id = l.doc_id
