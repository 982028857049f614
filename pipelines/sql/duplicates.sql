-- question: which copies go, and in whose favour? A copy of a document that itself went as a near-duplicate follows it to the one that stayed
-- grain: a removed copy
-- columns: doc_id, kept_doc_id, cluster_id, kind, jaccard
SELECT n.doc_id, n.kept_doc_id, n.cluster_id, n.kind, n.jaccard
FROM near n
UNION ALL
SELECT
    c.doc_id,
    COALESCE(n.kept_doc_id, c.kept_doc_id) AS kept_doc_id,
    COALESCE(n.cluster_id, k.cluster_id, c.kept_doc_id) AS cluster_id,
    CASE WHEN n.doc_id IS NULL THEN 'exact' ELSE 'near' END AS kind,
    COALESCE(n.jaccard, CAST(1 AS DOUBLE)) AS jaccard
FROM copies c
LEFT JOIN near n ON n.doc_id = c.kept_doc_id
LEFT JOIN components k ON k.doc_id = c.kept_doc_id
