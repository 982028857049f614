-- question: where in each final text did scrub write something?
-- grain: a final text
-- columns: doc_id, written
SELECT r.doc_id, b.written
FROM finals r
LEFT JOIN written b ON b.doc_id = r.doc_id
