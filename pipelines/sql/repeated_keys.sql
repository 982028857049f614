-- question: which ids have several records of their source?
-- grain: such an id
-- columns: doc_id
SELECT doc_id FROM documents GROUP BY doc_id HAVING COUNT(*) > 1
