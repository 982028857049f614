-- question: which origins do clusters of living documents tie together? One star a cluster
-- grain: an edge (origin, lowest origin of a cluster that both have documents in)
-- columns: a, b
WITH members AS (
    SELECT DISTINCT c.cluster_id, s.origin_id FROM sides s JOIN clusters c ON c.doc_id = s.doc_id
),
stars AS (
    SELECT cluster_id, MIN(origin_id) AS lowest FROM members GROUP BY cluster_id HAVING COUNT(*) > 1
)
SELECT DISTINCT m.origin_id AS a, k.lowest AS b
FROM members m
JOIN stars k ON k.cluster_id = m.cluster_id
WHERE m.origin_id <> k.lowest
