-- question: which living documents have the clean text of a document that another corpus kept?
-- grain: a document
-- columns: doc_id, kept_doc_id, cluster_id, kind, jaccard
WITH kept AS (
    SELECT t.sha256, MIN(t.doc_id) AS kept_doc_id
    FROM elsewhere_texts t
    JOIN elsewhere_fates f ON f.doc_id = t.doc_id
    WHERE f.fate = 'kept'
    GROUP BY t.sha256
)
SELECT t.doc_id, k.kept_doc_id, k.kept_doc_id AS cluster_id, 'elsewhere' AS kind, CAST(1 AS DOUBLE) AS jaccard
FROM texts t
JOIN survivors s ON s.doc_id = t.doc_id
JOIN kept k ON k.sha256 = t.sha256
