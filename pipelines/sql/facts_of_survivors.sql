-- question: what do conditions of rules know of each living document?
-- grain: a survivor
-- columns: doc_id, document_language, document_language_score, document_source, document_kind
SELECT
    s.doc_id,
    t.language AS document_language,
    t.language_score AS document_language_score,
    t.source AS document_source,
    t.kind AS document_kind
FROM survivors s
JOIN texts t ON t.doc_id = s.doc_id
