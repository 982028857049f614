-- question: how much personal data was replaced, by kind?
-- grain: an entity
-- columns: entity, num_spans
SELECT entity, CAST(COUNT(*) AS BIGINT) AS num_spans
FROM pii_spans
GROUP BY entity
