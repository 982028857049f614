-- question: how many documents, of how many origins, are on which side, and how many origins do near copies tie to another?
-- grain: one row
-- columns: num_train, num_heldout, num_origins, num_tied
SELECT
    (SELECT CAST(COUNT(*) AS BIGINT) FROM splits WHERE split = 'train') AS num_train,
    (SELECT CAST(COUNT(*) AS BIGINT) FROM splits WHERE split = 'heldout') AS num_heldout,
    (SELECT CAST(COUNT(DISTINCT origin_id) AS BIGINT) FROM sides) AS num_origins,
    (SELECT CAST(COUNT(*) AS BIGINT) FROM ties) AS num_tied
