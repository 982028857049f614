-- question: which held-out documents are items made of? The lowest doc_ids that are alive, up to a number
-- grain: a held-out document
-- columns: doc_id
WITH placed AS (
    SELECT s.doc_id, ROW_NUMBER() OVER (ORDER BY s.doc_id ASC NULLS LAST) AS place
    FROM survivors s
    JOIN splits p ON p.doc_id = s.doc_id
    WHERE p.split = 'heldout'
)
SELECT c.doc_id
FROM placed c
CROSS JOIN params p
WHERE c.place <= p.max_rows
