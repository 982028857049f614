-- question: what ended each document that failed a rule at this step? The first rule in order gives the reason
-- grain: a document
-- columns: doc_id, fate, step, reason
WITH first AS (
    SELECT doc_id, MIN(position) AS position FROM failures GROUP BY doc_id
)
SELECT DISTINCT f.doc_id, 'dropped' AS fate, p.step, f.reason
FROM failures f
JOIN first x ON x.doc_id = f.doc_id AND x.position = f.position
CROSS JOIN params p
