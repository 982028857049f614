-- question: What became of the documents of each source?
-- grain: a source and a fate
-- columns:
--   source: name of the source
--   fate: kept, dropped or quarantined
--   num_docs: documents
--   num_bytes: bytes of their raw text
--   share: of the source's documents, in [0, 1]
SELECT
    d.source,
    coalesce(f.fate, 'undecided') AS fate,
    count(*) AS num_docs,
    CAST(sum(d.num_bytes) AS BIGINT) AS num_bytes,
    count(*) / CAST(sum(count(*)) OVER (PARTITION BY d.source) AS DOUBLE) AS share
FROM documents AS d
LEFT JOIN fates AS f ON f.doc_id = d.doc_id
GROUP BY d.source, coalesce(f.fate, 'undecided')
ORDER BY d.source, fate
