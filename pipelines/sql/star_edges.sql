-- question: which documents share a bucket of a band? One star a bucket, so that a bucket of m documents gives m - 1 edges
-- grain: an edge (document, lowest document of the bucket)
-- columns: a, b
WITH buckets AS (
    SELECT band, bucket, MIN(doc_id) AS lowest
    FROM bands
    GROUP BY band, bucket
    HAVING COUNT(*) > 1
)
SELECT DISTINCT x.doc_id AS a, k.lowest AS b
FROM bands x
JOIN buckets k ON k.band = x.band AND k.bucket = x.bucket
WHERE x.doc_id <> k.lowest
