-- question: What are the test items looked for, as far as anyone may see them?
-- grain: a registered item's part
-- columns: as the table benchmark_items; text is null for items made of held-out documents
-- Such items are made before personal data is scrubbed. Their item_id begins with the doc_id of the document.
SELECT i.* REPLACE (CASE WHEN h.doc_id IS NULL THEN i.text END AS text)
FROM _benchmark_items AS i
LEFT JOIN splits AS h ON h.doc_id = left(i.item_id, 32)
