-- question: who is the lowest of a node and its lower neighbours? (Kiveris et al. 2014, small-star)
-- grain: an edge (higher, lower)
-- columns: a, b
WITH lowest AS (
    SELECT a AS u, MIN(b) AS m FROM edges GROUP BY a
),
linked AS (
    SELECT e.b AS v, l.m AS m FROM edges e JOIN lowest l ON l.u = e.a
    UNION ALL
    SELECT u AS v, m FROM lowest
)
SELECT DISTINCT v AS a, m AS b
FROM linked
WHERE v <> m
