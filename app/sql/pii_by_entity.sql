-- question: What kinds of personal data were replaced, and how often?
-- grain: a kind of personal data
-- columns:
--   entity: kind of personal data, in presidio's names
--   num_spans: passages replaced
--   num_docs: documents with at least one
--   num_bytes: bytes taken out
--   mean_score: mean confidence of the recogniser, in [0, 1]
SELECT
    entity,
    count(*) AS num_spans,
    count(DISTINCT doc_id) AS num_docs,
    CAST(sum("end" - "start") AS BIGINT) AS num_bytes,
    avg(score) AS mean_score
FROM pii_spans
GROUP BY entity
ORDER BY num_spans DESC, entity
