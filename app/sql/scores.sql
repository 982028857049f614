-- question: What did each model score on each test, and how sure is that?
-- grain: a metric of a task on a subset, for one model
-- columns:
--   model: name of the model
--   task: name of the task
--   metric: name of the metric
--   subset: all items, or those that are clean, contaminated, inexact or unchecked by this model's own corpus
--   value: the score
--   ci_low: lower end of the 95% interval
--   ci_high: upper end
--   stderr: standard error; null for a single item
--   num_items: items behind it
--   eval_id: the evaluation
SELECT model, task, metric, subset, value, ci_low, ci_high, stderr, num_items, eval_id
FROM scores
ORDER BY task, metric, model, eval_id, list_position(['all', 'clean', 'contaminated', 'inexact', 'unchecked'], subset), subset
