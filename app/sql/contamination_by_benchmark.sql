-- question: How much of each benchmark was met in the training text, and what was done about it?
-- grain: a benchmark that is registered
-- columns:
--   benchmark: name of the benchmark
--   num_items: items registered
--   num_items_checked: items that were looked for
--   num_items_unchecked: items that could not be: all of their parts are too short, or not asked for
--   num_items_met: items looked for of which a part was met in some document, word for word or with words changed
--   met_ratio: their share of the items looked for, in [0, 1]; null where none was
--   num_items_exact: items met word for word
--   num_items_inexact: items met only with words changed, left out or added
--   num_items_semantic: items of which only the meaning was met
--   num_docs: documents in which one was met, word for word or with words changed
--   num_docs_dropped: of these, documents left out
--   num_docs_cut: of these, documents that lost the passage only
--   num_docs_flagged: of these, documents in which one stays
--   highest_coverage: largest share of a part's words in one passage
SELECT
    i.benchmark,
    i.num_items,
    i.num_items_checked,
    i.num_items - i.num_items_checked AS num_items_unchecked,
    coalesce(t.num_items_met, 0) AS num_items_met,
    coalesce(t.num_items_met, 0) / CAST(nullif(i.num_items_checked, 0) AS DOUBLE) AS met_ratio,
    coalesce(t.num_items_exact, 0) AS num_items_exact,
    coalesce(t.num_items_met, 0) - coalesce(t.num_items_exact, 0) AS num_items_inexact,
    coalesce(t.num_items_any, 0) - coalesce(t.num_items_met, 0) AS num_items_semantic,
    coalesce(t.num_docs, 0) AS num_docs,
    coalesce(t.num_docs_dropped, 0) AS num_docs_dropped,
    coalesce(t.num_docs_cut, 0) AS num_docs_cut,
    coalesce(t.num_docs_flagged, 0) AS num_docs_flagged,
    t.highest_coverage
FROM (
    SELECT benchmark, count(DISTINCT item_id) AS num_items, count(DISTINCT item_id) FILTER (WHERE num_parts_checked > 0) AS num_items_checked
    FROM item_statuses
    GROUP BY benchmark
) AS i
LEFT JOIN (
    SELECT
        benchmark,
        count(DISTINCT item_id) AS num_items_any,
        count(DISTINCT item_id) FILTER (WHERE tier IS DISTINCT FROM 'semantic') AS num_items_met,
        count(DISTINCT item_id) FILTER (WHERE coalesce(tier, 'exact') = 'exact') AS num_items_exact,
        count(DISTINCT doc_id) FILTER (WHERE tier IS DISTINCT FROM 'semantic') AS num_docs,
        count(DISTINCT doc_id) FILTER (WHERE tier IS DISTINCT FROM 'semantic' AND action = 'drop') AS num_docs_dropped,
        count(DISTINCT doc_id) FILTER (WHERE tier IS DISTINCT FROM 'semantic' AND action = 'cut') AS num_docs_cut,
        count(DISTINCT doc_id) FILTER (WHERE tier IS DISTINCT FROM 'semantic' AND action = 'flag') AS num_docs_flagged,
        max(coverage) FILTER (WHERE tier IS DISTINCT FROM 'semantic') AS highest_coverage
    FROM contamination
    GROUP BY benchmark
) AS t ON t.benchmark = i.benchmark
ORDER BY num_items_met DESC, i.benchmark
