-- question: What was done about test items that were met, and why not what the benchmark asks for?
-- grain: a benchmark, tier, action and reason
-- columns:
--   benchmark: name of the benchmark
--   tier: exact, inexact or semantic
--   action: drop, cut or flag
--   reason: why it is not the action of the benchmark; null where it is
--   num_items: items met so
--   num_docs: documents in which one was met so
--   num_passages: passages
SELECT
    benchmark,
    tier,
    action,
    reason,
    count(DISTINCT item_id) AS num_items,
    count(DISTINCT doc_id) AS num_docs,
    count(DISTINCT (item_id, part, doc_id, doc_start, doc_end, item_start)) AS num_passages
FROM contamination
GROUP BY benchmark, tier, action, reason
ORDER BY benchmark, tier, action, reason NULLS FIRST
