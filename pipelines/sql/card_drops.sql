-- question: how many documents ended at which step, and why?
-- grain: a step and reason
-- columns: step, reason, num_documents
SELECT step, reason, CAST(COUNT(*) AS BIGINT) AS num_documents
FROM fates
GROUP BY step, reason
