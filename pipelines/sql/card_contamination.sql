-- question: how many items of which benchmark were met in how many documents, and what was done?
-- grain: a benchmark and action
-- columns: benchmark, action, num_items, num_documents
SELECT benchmark, action, CAST(COUNT(DISTINCT item_id) AS BIGINT) AS num_items, CAST(COUNT(DISTINCT doc_id) AS BIGINT) AS num_documents
FROM contamination
GROUP BY benchmark, action
