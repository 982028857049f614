-- question: How did the training loss fall?
-- grain: an optimizer step that was logged, on one source or on all
-- columns:
--   train_id: training run
--   step: optimizer step, from 1
--   source: source of the tokens; all is every source together
--   loss_nats: mean loss over the tokens, nats
--   num_tokens: tokens of this step
--   num_tokens_seen: tokens of this and all earlier steps; null by source, since not every step is logged
--   learning_rate: rate at this step
SELECT
    train_id,
    step,
    coalesce(source, 'all') AS source,
    loss_nats,
    num_tokens,
    CASE WHEN source IS NULL THEN step * num_tokens END AS num_tokens_seen,
    learning_rate
FROM train_steps
ORDER BY train_id, coalesce(source, 'all'), step
