-- question: how much is in the corpus, by split, source, language and licence?
-- grain: a value of one grouping
-- columns: grouping, value, num_documents, num_bytes
WITH sized AS (
    SELECT c.source, c.language, c.license, c.split, s.num_bytes
    FROM corpus c
    JOIN survivors s ON s.doc_id = c.doc_id
)
SELECT 'split' AS grouping, split AS value, CAST(COUNT(*) AS BIGINT) AS num_documents, CAST(SUM(num_bytes) AS BIGINT) AS num_bytes
FROM sized GROUP BY split
UNION ALL
SELECT 'source', source, CAST(COUNT(*) AS BIGINT), CAST(SUM(num_bytes) AS BIGINT) FROM sized GROUP BY source
UNION ALL
SELECT 'language', language, CAST(COUNT(*) AS BIGINT), CAST(SUM(num_bytes) AS BIGINT) FROM sized GROUP BY language
UNION ALL
SELECT 'license', license, CAST(COUNT(*) AS BIGINT), CAST(SUM(num_bytes) AS BIGINT) FROM sized GROUP BY license
