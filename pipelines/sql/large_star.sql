-- question: who is the lowest neighbour of each node's higher neighbours? (Kiveris et al. 2014, large-star)
-- grain: an edge (higher, lower)
-- columns: a, b
WITH neighbours AS (
    SELECT a AS u, b AS v FROM edges
    UNION ALL
    SELECT b AS u, a AS v FROM edges
),
lowest AS (
    SELECT u, LEAST(u, MIN(v)) AS m FROM neighbours GROUP BY u
)
SELECT DISTINCT n.v AS a, l.m AS b
FROM neighbours n
JOIN lowest l ON l.u = n.u
WHERE n.v > n.u
