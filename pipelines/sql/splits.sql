-- question: which side is a document on? A cluster is held out only if every origin in it is, so no near copy straddles the split
-- grain: a document
-- columns: doc_id, split
WITH grouped AS (
    SELECT s.doc_id, s.is_heldout, COALESCE(c.cluster_id, s.doc_id) AS cluster_id
    FROM sides s
    LEFT JOIN clusters c ON c.doc_id = s.doc_id
),
decided AS (
    SELECT cluster_id, MIN(is_heldout) AS is_heldout FROM grouped GROUP BY cluster_id
)
SELECT g.doc_id, CASE WHEN d.is_heldout = 1 THEN 'heldout' ELSE 'train' END AS split
FROM grouped g
JOIN decided d ON d.cluster_id = g.cluster_id
