-- question: from which documents does the tokenizer learn? The train side in the order of doc_id, up to a number of bytes, at least one
-- grain: a document
-- columns: doc_id, position
WITH ordered AS (
    SELECT
        s.doc_id,
        CAST(ROW_NUMBER() OVER (ORDER BY s.doc_id ASC NULLS LAST) AS BIGINT) AS position,
        CAST(SUM(s.num_bytes) OVER (ORDER BY s.doc_id ASC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS total
    FROM survivors s
    JOIN splits p ON p.doc_id = s.doc_id
    WHERE p.split = 'train'
)
SELECT o.doc_id, o.position
FROM ordered o
CROSS JOIN params p
WHERE o.total <= p.max_bytes OR o.position = 1
