-- question: how much personal data was found, by kind, and what was done about it?
-- grain: an entity and policy
-- columns: entity, policy, num_spans, num_documents
SELECT entity, policy, CAST(COUNT(*) AS BIGINT) AS num_spans, CAST(COUNT(DISTINCT doc_id) AS BIGINT) AS num_documents
FROM pii_spans
GROUP BY entity, policy
