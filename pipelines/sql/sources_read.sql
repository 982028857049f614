-- question: how many documents did each source give?
-- grain: a source that gave anything
-- columns: source, num_documents
SELECT source, CAST(SUM(num_documents) AS BIGINT) AS num_documents FROM tally GROUP BY source
