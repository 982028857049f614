-- question: what is wrong with the input of each source, and where is the first of each sort?
-- grain: a source and a class of fault
-- columns: source, error, num_faults, origin_file, message
WITH numbered AS (
    SELECT
        source, error, origin_file, message,
        CAST(COUNT(*) OVER (PARTITION BY source, error) AS BIGINT) AS num_faults,
        ROW_NUMBER() OVER (
            PARTITION BY source, error ORDER BY origin_file ASC NULLS LAST, origin_offset ASC NULLS LAST, message ASC NULLS LAST
        ) AS place
    FROM quarantine
)
SELECT source, error, num_faults, origin_file, message FROM numbered WHERE place = 1
