-- question: what was passed by, and why? Units of one file count their records apart
-- grain: a file and a reason
-- columns: source, origin_file, reason, num_records, num_bytes
SELECT
    source, origin_file, reason,
    CAST(SUM(num_records) AS BIGINT) AS num_records,
    CAST(SUM(num_bytes) AS BIGINT) AS num_bytes
FROM passed_by
GROUP BY source, origin_file, reason
