-- question: Which phrases of the tests stand in so many documents that they were taken as evidence of nothing?
-- grain: a benchmark that has such a phrase
-- columns:
--   benchmark: name of the benchmark
--   num_ngrams: n-grams of its parts that too many documents share
--   num_items: items that have one
--   most_docs: documents that share the commonest of them
SELECT benchmark, count(*) AS num_ngrams, count(DISTINCT item_id) AS num_items, max(num_documents) AS most_docs
FROM boilerplate
GROUP BY benchmark
ORDER BY num_ngrams DESC, benchmark
