-- question: what does text that stays in the corpus say about each registered item? Too little of a part, or a likeness of meaning, says nothing
-- grain: an item
-- columns: as the table item_statuses
SELECT
    c.benchmark,
    c.item_id,
    CASE
        WHEN m.num_exact > 0 THEN 'contaminated'
        WHEN m.num_inexact > 0 THEN 'inexact'
        WHEN c.num_parts_checked > 0 THEN 'clean'
        ELSE 'unchecked'
    END AS status,
    c.num_parts,
    c.num_parts_checked
FROM (
    SELECT benchmark, item_id, CAST(COUNT(*) AS BIGINT) AS num_parts, CAST(SUM(CASE WHEN is_checked THEN 1 ELSE 0 END) AS BIGINT) AS num_parts_checked
    FROM checks
    GROUP BY benchmark, item_id
) AS c
LEFT JOIN (
    SELECT
        benchmark,
        item_id,
        CAST(SUM(CASE WHEN tier = 'exact' THEN 1 ELSE 0 END) AS BIGINT) AS num_exact,
        CAST(SUM(CASE WHEN tier = 'inexact' THEN 1 ELSE 0 END) AS BIGINT) AS num_inexact
    FROM contamination
    WHERE action = 'flag' AND (reason IS NULL OR reason <> 'low_coverage')
    GROUP BY benchmark, item_id
) AS m ON c.benchmark = m.benchmark AND c.item_id = m.item_id
