-- question: which lines stand in more documents than is allowed?
-- grain: a line
-- columns: high, low
WITH standing AS (
    SELECT DISTINCT doc_id, high, low FROM lines
),
counted AS (
    SELECT high, low, CAST(COUNT(*) AS BIGINT) AS num_documents FROM standing GROUP BY high, low
)
SELECT c.high, c.low
FROM counted c
CROSS JOIN params p
WHERE c.num_documents > p.max_documents
