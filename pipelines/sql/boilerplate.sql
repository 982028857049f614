-- question: which n-grams of registered parts stand in more documents than evidence may?
-- grain: an n-gram of a part
-- columns: as the table boilerplate
WITH counted AS (
    SELECT benchmark, item_id, part, item_start, item_end, CAST(SUM(num_documents) AS BIGINT) AS num_documents
    FROM met
    GROUP BY benchmark, item_id, part, item_start, item_end
)
SELECT c.benchmark, c.item_id, c.part, c.item_start, c.item_end, c.num_documents
FROM counted c
CROSS JOIN params p
WHERE c.num_documents > p.max_documents
