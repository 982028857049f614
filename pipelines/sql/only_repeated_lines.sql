-- question: of which documents would cutting the frequent lines leave nothing but blanks?
-- grain: a document
-- columns: doc_id, step, rule, reason, value, threshold
WITH cut AS (
    SELECT doc_id, CAST(COUNT(*) AS BIGINT) AS num_lines FROM spans GROUP BY doc_id
)
SELECT
    c.doc_id,
    'repeated_lines' AS step,
    'repeated_lines.lines_left_min' AS rule,
    'only_repeated_lines' AS reason,
    CAST(0 AS DOUBLE) AS value,
    CAST(1 AS DOUBLE) AS threshold
FROM counts c
JOIN cut x ON x.doc_id = c.doc_id
WHERE x.num_lines = c.num_lines
