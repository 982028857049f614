-- question: Which bytes of a document's clean text may not be shown to anyone?
-- grain: a document whose personal data was looked for
-- columns: doc_id, starts, ends: spans in bytes of the clean text, as lists in one order; null where there is nothing to hide
-- Hidden are personal data, and what a later edit took out: nobody looked for personal data there.
SELECT s.doc_id, m.starts, m.ends
FROM (
    SELECT doc_id FROM _survivors_scrub
    UNION
    SELECT doc_id FROM corpus
) AS s
LEFT JOIN (
    SELECT doc_id, list(first_byte ORDER BY first_byte, last_byte) AS starts, list(last_byte ORDER BY first_byte, last_byte) AS ends
    FROM (
        SELECT doc_id, "start" AS first_byte, "end" AS last_byte FROM pii_spans
        UNION ALL
        SELECT doc_id, "start", "end" FROM edits WHERE from_version = 'clean' AND "end" > "start"
    )
    GROUP BY doc_id
) AS m ON m.doc_id = s.doc_id
