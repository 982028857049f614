-- question: of the corpora that hold a document's clean text, which document of theirs is named as its partner? The one with the lowest doc_id
-- grain: a document
-- columns: doc_id, kept_doc_id, cluster_id, kind, jaccard
SELECT doc_id, MIN(kept_doc_id) AS kept_doc_id, MIN(cluster_id) AS cluster_id, 'elsewhere' AS kind, CAST(1 AS DOUBLE) AS jaccard
FROM copies
GROUP BY doc_id
