-- question: Which groups of copies are the largest?
-- grain: a cluster of duplicates, the largest first
-- columns:
--   cluster_id: lowest doc_id of the cluster
--   num_removed: copies that were dropped
--   num_exact: of these, copies with the same text
--   num_near: of these, near-copies
--   num_kept: documents that stayed in their favour
--   lowest_jaccard: least similar copy that was dropped
-- parameters:
--   limit = 50: how many clusters
SELECT
    cluster_id,
    count(*) AS num_removed,
    count(*) FILTER (WHERE kind = 'exact') AS num_exact,
    count(*) FILTER (WHERE kind <> 'exact') AS num_near,
    count(DISTINCT kept_doc_id) AS num_kept,
    min(jaccard) AS lowest_jaccard
FROM duplicates
WHERE kind <> 'elsewhere'
GROUP BY cluster_id
ORDER BY num_removed DESC, cluster_id
LIMIT $limit
