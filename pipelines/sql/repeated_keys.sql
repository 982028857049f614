-- question: which records have a key that an earlier record of the same source has? The first by file and place stays
-- grain: a repeated record
-- columns: doc_id, origin_file, origin_offset
WITH numbered AS (
    SELECT
        doc_id, origin_file, origin_offset,
        ROW_NUMBER() OVER (PARTITION BY doc_id ORDER BY origin_file ASC NULLS LAST, origin_offset ASC NULLS LAST) AS place
    FROM documents
)
SELECT doc_id, origin_file, origin_offset FROM numbered WHERE place > 1
