-- question: Which rules dropped how many documents, and how many broke that rule alone?
-- grain: a rule of a step, with the reason that it gives
-- columns:
--   step: step that judged
--   rule: preset and signal
--   reason: the fault, in a word
--   threshold: the bound (the lowest, where a rule has several)
--   num_docs: documents that broke the rule
--   num_docs_alone: documents that broke no other rule
--   median_value: middle of the values that were measured in them
SELECT
    v.step,
    v.rule,
    v.reason,
    min(v.threshold) AS threshold,
    count(DISTINCT v.doc_id) AS num_docs,
    count(DISTINCT v.doc_id) FILTER (WHERE o.num_rules = 1) AS num_docs_alone,
    median(v.value) AS median_value
FROM verdicts AS v
JOIN (SELECT doc_id, count(DISTINCT rule) AS num_rules FROM verdicts GROUP BY doc_id) AS o ON o.doc_id = v.doc_id
GROUP BY v.step, v.rule, v.reason
ORDER BY num_docs DESC, v.step, v.rule, v.reason
