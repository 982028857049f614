-- question: What is a document's clean text, as far as anyone may see it?
-- grain: a document that was cleaned
-- columns: as the table texts; text is null for a document that never reached the scrubbing of personal data
-- Hidden bytes are asterisks. The length does not change, so every span of every table still points at its bytes.
SELECT t.* REPLACE (CASE WHEN h.doc_id IS NULL THEN NULL ELSE _masked(t.text, h.starts, h.ends) END AS text)
FROM _texts AS t
LEFT JOIN _hidden_spans AS h ON h.doc_id = t.doc_id
