-- question: What are the test items looked for, as far as anyone may see them?
-- grain: a registered item's part
-- columns: as the table benchmark_items; text is null for an item made of a held-out document in which nobody looked for personal data
-- Items are made of held-out documents before scrubbing; their item_id begins with the doc_id. Personal data in such a document is hidden in its items.
SELECT i.* REPLACE (
    CASE WHEN d.doc_id IS NULL THEN i.text WHEN h.doc_id IS NOT NULL THEN _masked_part(t.text, i.text, h.starts, h.ends) END AS text
)
FROM _benchmark_items AS i
LEFT JOIN splits AS d ON d.doc_id = left(i.item_id, 32)
LEFT JOIN _texts AS t ON t.doc_id = d.doc_id
LEFT JOIN _hidden_spans AS h ON h.doc_id = d.doc_id
