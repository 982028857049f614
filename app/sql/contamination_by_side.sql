-- question: Was only the question of an item met, or its answer too, in the same document?
-- grain: a benchmark, and what of an item one document holds at most; an item counts once, by the document that holds most of it
-- columns:
--   benchmark: name of the benchmark
--   side: input only, label only, or input and label
--   num_items: items
--   num_docs: documents that hold so much of one
WITH held AS (
    SELECT
        c.benchmark,
        c.item_id,
        c.doc_id,
        CASE
            WHEN bool_or(i.role IN ('input', 'both')) AND bool_or(i.role IN ('label', 'both')) THEN 'input and label'
            WHEN bool_or(i.role = 'label') THEN 'label only'
            ELSE 'input only'
        END AS side
    FROM contamination AS c
    JOIN benchmark_items AS i ON i.benchmark = c.benchmark AND i.item_id = c.item_id AND i.part = c.part
    WHERE c.tier <> 'semantic'
    GROUP BY c.benchmark, c.item_id, c.doc_id
),
most AS (
    SELECT benchmark, item_id, min_by(side, list_position(['input and label', 'label only', 'input only'], side)) AS side
    FROM held
    GROUP BY benchmark, item_id
)
SELECT m.benchmark, m.side, count(DISTINCT m.item_id) AS num_items, count(DISTINCT h.doc_id) AS num_docs
FROM most AS m
JOIN held AS h ON h.benchmark = m.benchmark AND h.item_id = m.item_id AND h.side = m.side
GROUP BY m.benchmark, m.side
ORDER BY m.benchmark, m.side
