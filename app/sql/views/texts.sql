-- question: What is a document's clean text, as far as anyone may see it?
-- grain: a document that was cleaned
-- columns: as the table texts; text is null for a document that never reached the scrubbing of personal data
-- Bytes of personal data, and bytes that a later edit took out (nobody looked for personal data there), are asterisks.
-- The length does not change, so every span of every table still points at its bytes.
SELECT t.* REPLACE (CASE WHEN s.doc_id IS NULL THEN NULL ELSE _masked(t.text, m.starts, m.ends) END AS text)
FROM _texts AS t
LEFT JOIN (
    SELECT doc_id FROM _survivors_scrub
    UNION
    SELECT doc_id FROM corpus
) AS s ON s.doc_id = t.doc_id
LEFT JOIN (
    SELECT doc_id, list(first_byte ORDER BY first_byte, last_byte) AS starts, list(last_byte ORDER BY first_byte, last_byte) AS ends
    FROM (
        SELECT doc_id, "start" AS first_byte, "end" AS last_byte FROM pii_spans
        UNION ALL
        SELECT doc_id, "start", "end" FROM edits WHERE from_version = 'clean' AND "end" > "start"
    )
    GROUP BY doc_id
) AS m ON m.doc_id = t.doc_id
