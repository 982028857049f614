-- question: how many documents and faults did each source give?
-- grain: a source that gave anything
-- columns: source, num_documents, num_faults
SELECT
    source,
    CAST(SUM(num_documents) AS BIGINT) AS num_documents,
    CAST(SUM(num_records - num_documents) AS BIGINT) AS num_faults
FROM tally
GROUP BY source
