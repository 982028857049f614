-- question: which bound did each document reach that another corpus holds already?
-- grain: a document
-- columns: doc_id, step, rule, reason, value, threshold
SELECT doc_id, 'exclude' AS step, 'exclude.same_text' AS rule, 'in_another_corpus' AS reason, jaccard AS value, CAST(1 AS DOUBLE) AS threshold
FROM duplicates
