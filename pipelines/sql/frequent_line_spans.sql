-- question: where do frequent lines stand?
-- grain: a line of a document
-- columns: doc_id, start, end
SELECT l.doc_id, l."start", l."end"
FROM lines l
JOIN frequent f ON f.high = l.high AND f.low = l.low
