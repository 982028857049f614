-- question: what ended each removed copy?
-- grain: a document
-- columns: doc_id, fate, step, reason
SELECT doc_id, 'dropped' AS fate, step, reason FROM verdicts
