-- question: If documents below a bound of a signal were dropped, how many would that be, and how many of them are published now?
-- grain: a source; the source "all" is every one together
-- columns:
--   source: name of the source
--   num_docs: documents that were measured
--   num_below: documents below the bound
--   below_ratio: their share, in [0, 1]
--   num_published_below: documents below the bound that are published now
-- parameters:
--   family = 'gopher_quality': family of the signal
--   signal = 'num_words': name of the signal
--   bound = 50.0: documents with a smaller value are counted
SELECT
    coalesce(t.source, 'all') AS source,
    count(*) AS num_docs,
    count(*) FILTER (WHERE v.value < $bound) AS num_below,
    count(*) FILTER (WHERE v.value < $bound) / nullif(CAST(count(*) AS DOUBLE), 0) AS below_ratio,
    count(*) FILTER (WHERE v.value < $bound AND f.fate = 'kept') AS num_published_below
FROM signal_values AS v
JOIN texts AS t ON t.doc_id = v.doc_id
LEFT JOIN fates AS f ON f.doc_id = v.doc_id
WHERE v.family = $family AND v.signal = $signal AND v.value IS NOT NULL
GROUP BY ROLLUP (t.source)
ORDER BY grouping(t.source) DESC, t.source
