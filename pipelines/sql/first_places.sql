-- question: where does the first record with each id stand, by file and place? Named only where there are several, since nobody asks otherwise
-- grain: an id
-- columns: doc_id, first_file, first_offset
WITH numbered AS (
    SELECT
        doc_id, origin_file, origin_offset,
        ROW_NUMBER() OVER (PARTITION BY doc_id ORDER BY origin_file ASC NULLS LAST, origin_offset ASC NULLS LAST) AS place,
        CAST(COUNT(*) OVER (PARTITION BY doc_id) AS BIGINT) AS num_places
    FROM documents
)
SELECT
    doc_id,
    CASE WHEN num_places > 1 THEN origin_file END AS first_file,
    CASE WHEN num_places > 1 THEN origin_offset END AS first_offset
FROM numbered
WHERE place = 1
