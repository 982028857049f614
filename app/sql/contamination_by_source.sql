-- question: In documents of which source, and of which month, were test items met?
-- grain: a benchmark, source and month
-- columns:
--   benchmark: name of the benchmark
--   source: name of the source
--   month: year and month in which the documents were written or fetched; null where the record does not say
--   num_items: items met, word for word or with words changed
--   num_items_exact: of these, items met word for word
--   num_docs: documents in which one was met
SELECT
    c.benchmark,
    d.source,
    strftime(d.created_at, '%Y-%m') AS month,
    count(DISTINCT c.item_id) AS num_items,
    count(DISTINCT c.item_id) FILTER (WHERE coalesce(c.tier, 'exact') = 'exact') AS num_items_exact,
    count(DISTINCT c.doc_id) AS num_docs
FROM contamination AS c
JOIN documents AS d ON d.doc_id = c.doc_id
WHERE c.tier IS DISTINCT FROM 'semantic'
GROUP BY c.benchmark, d.source, strftime(d.created_at, '%Y-%m')
ORDER BY c.benchmark, num_items DESC, d.source, month
