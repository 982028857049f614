-- question: which bound did each removed copy reach?
-- grain: a removed copy
-- columns: doc_id, step, rule, reason, value, threshold
SELECT
    d.doc_id,
    'dedup' AS step,
    CASE WHEN d.kind = 'exact' THEN 'dedup.same_text' ELSE 'dedup.jaccard_max' END AS rule,
    CASE WHEN d.kind = 'exact' THEN 'exact_duplicate' ELSE 'near_duplicate' END AS reason,
    d.jaccard AS value,
    CASE WHEN d.kind = 'exact' THEN CAST(1 AS DOUBLE) ELSE p.threshold END AS threshold
FROM duplicates d
CROSS JOIN params p
