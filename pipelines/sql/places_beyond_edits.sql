-- question: of which final texts is more said to be written by scrub than all edits, and the line breaks of cuts, put in?
-- grain: a final text
-- columns: doc_id, fault
SELECT p.doc_id, 'places_that_no_edit_made' AS fault
FROM places p
LEFT JOIN (
    SELECT doc_id, CAST(SUM(new_length) AS BIGINT) AS num_bytes
    FROM edits
    WHERE from_version = 'clean'
    GROUP BY doc_id
) e ON e.doc_id = p.doc_id
WHERE p.num_bytes > COALESCE(e.num_bytes, 0)
