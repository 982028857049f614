-- question: what is wrong with the input of each source?
-- grain: a source and a class of fault
-- columns: source, error, num_faults
SELECT source, error, CAST(COUNT(*) AS BIGINT) AS num_faults FROM quarantine GROUP BY source, error
