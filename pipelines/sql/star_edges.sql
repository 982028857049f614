-- question: which documents that stand for their exact copies share a bucket of a band? One star a bucket: m documents give m - 1 edges
-- grain: an edge (document, lowest document of the bucket)
-- columns: a, b
WITH shared AS (
    SELECT band, bucket
    FROM bands
    GROUP BY band, bucket
    HAVING COUNT(*) > 1
),
alive AS (
    SELECT x.doc_id, x.band, x.bucket
    FROM bands x
    JOIN shared k ON k.band = x.band AND k.bucket = x.bucket
    JOIN unique_survivors s ON s.doc_id = x.doc_id
),
lowest AS (
    SELECT band, bucket, MIN(doc_id) AS doc_id FROM alive GROUP BY band, bucket
)
SELECT DISTINCT x.doc_id AS a, k.doc_id AS b
FROM alive x
JOIN lowest k ON k.band = x.band AND k.bucket = x.bucket
WHERE x.doc_id <> k.doc_id
