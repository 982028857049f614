-- question: what ended each document that failed at a step which has one verdict a document?
-- grain: a document
-- columns: doc_id, fate, step, reason
SELECT doc_id, 'dropped' AS fate, step, reason FROM verdicts
