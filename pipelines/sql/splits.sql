-- question: which side is a document on? Tied origins go where the lowest is drawn, but train where they are more than the share to hold out
-- grain: a document
-- columns: doc_id, split
WITH placed AS (
    SELECT s.doc_id, s.origin_id, s.is_heldout, COALESCE(t.b, s.origin_id) AS group_id
    FROM sides s
    LEFT JOIN ties t ON t.a = s.origin_id
),
sized AS (
    SELECT
        group_id,
        CAST(COUNT(*) AS BIGINT) AS num_documents,
        CASE WHEN MIN(origin_id) = MAX(origin_id) THEN 1 ELSE 0 END AS is_one_origin,
        MAX(CASE WHEN origin_id = group_id THEN is_heldout ELSE 0 END) AS is_drawn
    FROM placed
    GROUP BY group_id
),
whole AS (
    SELECT CAST(COUNT(*) AS BIGINT) AS num_documents FROM sides
),
decided AS (
    SELECT
        g.group_id,
        CASE
            WHEN g.is_drawn = 0 THEN 'train'
            WHEN g.is_one_origin = 1 THEN 'heldout'
            WHEN CAST(g.num_documents AS DOUBLE) <= p.heldout_ratio * CAST(w.num_documents AS DOUBLE) THEN 'heldout'
            ELSE 'train'
        END AS split
    FROM sized g
    CROSS JOIN whole w
    CROSS JOIN params p
)
SELECT m.doc_id, d.split
FROM placed m
JOIN decided d ON d.group_id = m.group_id
