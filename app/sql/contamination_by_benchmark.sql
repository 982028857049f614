-- question: How much of each benchmark was met in the training text, and what was done about it?
-- grain: a benchmark that is registered
-- columns:
--   benchmark: name of the benchmark
--   num_items: items registered
--   num_items_met: items of which a part was met in some document
--   met_ratio: their share, in [0, 1]
--   num_docs: documents in which one was met
--   num_docs_dropped: of these, documents left out
--   num_docs_cut: of these, documents that lost the passage only
--   highest_coverage: largest share of a part's words in one passage
SELECT
    i.benchmark,
    i.num_items,
    count(DISTINCT c.item_id) AS num_items_met,
    count(DISTINCT c.item_id) / CAST(i.num_items AS DOUBLE) AS met_ratio,
    count(DISTINCT c.doc_id) AS num_docs,
    count(DISTINCT c.doc_id) FILTER (WHERE c.action = 'drop') AS num_docs_dropped,
    count(DISTINCT c.doc_id) FILTER (WHERE c.action = 'cut') AS num_docs_cut,
    max(c.coverage) AS highest_coverage
FROM (SELECT benchmark, count(DISTINCT item_id) AS num_items FROM benchmark_items GROUP BY benchmark) AS i
LEFT JOIN contamination AS c ON c.benchmark = i.benchmark
GROUP BY i.benchmark, i.num_items
ORDER BY num_items_met DESC, i.benchmark
