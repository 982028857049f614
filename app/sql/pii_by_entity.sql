-- question: What kinds of personal data were found, how often, and what was done?
-- grain: a kind of personal data and what was done with it
-- columns:
--   entity: kind of personal data, in presidio's names
--   policy: what was done: mask, placeholder, pseudonym, surrogate, generalise, drop or flag
--   num_spans: passages found; null, as the numbers behind it, where fewer documents than min_group have any
--   num_docs: documents with at least one
--   num_bytes: bytes of these passages
--   mean_score: mean confidence of the recogniser, in [0, 1]
-- parameters:
--   min_group = 1: kinds found in fewer documents than this are listed without numbers, so that a published table tells of nobody
SELECT
    entity,
    policy,
    CASE WHEN count(DISTINCT doc_id) >= $min_group THEN count(*) END AS num_spans,
    CASE WHEN count(DISTINCT doc_id) >= $min_group THEN count(DISTINCT doc_id) END AS num_docs,
    CASE WHEN count(DISTINCT doc_id) >= $min_group THEN CAST(sum("end" - "start") AS BIGINT) END AS num_bytes,
    CASE WHEN count(DISTINCT doc_id) >= $min_group THEN avg(score) END AS mean_score
FROM pii_spans
GROUP BY entity, policy
ORDER BY num_spans DESC NULLS LAST, entity, policy NULLS FIRST
