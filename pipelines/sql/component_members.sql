-- question: which documents make up each component of candidates, with their texts? Whole components stand in portions of a few megabytes
-- grain: a document in a component of at least two
-- columns: portion, doc_id, cluster_id, num_bytes, text
WITH labels AS (
    SELECT a AS doc_id, b AS cluster_id FROM edges
    UNION ALL
    SELECT DISTINCT b AS doc_id, b AS cluster_id FROM edges
),
sized AS (
    SELECT l.cluster_id, CAST(SUM(s.num_bytes) AS BIGINT) AS num_bytes
    FROM labels l
    JOIN unique_survivors s ON s.doc_id = l.doc_id
    GROUP BY l.cluster_id
),
placed AS (
    SELECT cluster_id, CAST(SUM(num_bytes) OVER (ORDER BY cluster_id ASC NULLS LAST) AS BIGINT) AS behind FROM sized
)
SELECT p.behind - p.behind % 4194304 AS portion, l.doc_id, l.cluster_id, t.num_bytes, t.text
FROM labels l
JOIN placed p ON p.cluster_id = l.cluster_id
JOIN texts t ON t.doc_id = l.doc_id
