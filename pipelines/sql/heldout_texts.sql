-- question: which texts are held out? The lowest doc_ids, up to a number
-- grain: a held-out document
-- columns: doc_id, text, source
WITH chosen AS (
    SELECT doc_id, ROW_NUMBER() OVER (ORDER BY doc_id ASC NULLS LAST) AS place FROM splits WHERE split = 'heldout'
)
SELECT t.doc_id, t.text, t.source
FROM texts t
JOIN chosen c ON c.doc_id = t.doc_id
CROSS JOIN params p
WHERE c.place <= p.max_rows
