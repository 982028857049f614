-- question: How many documents and bytes did each step take in, let pass, drop and set aside?
-- grain: a step, in order
-- columns:
--   step: name of the step
--   meaning: what the step does
--   docs_in: documents that came in
--   docs_kept: documents that went on
--   docs_dropped: documents dropped, each with a reason
--   docs_quarantined: documents set aside because they could not be used
--   kept_ratio: share of the documents that went on, in [0, 1]
--   bytes_in: bytes that came in
--   bytes_kept: bytes that went on
SELECT
    l.step,
    s.meaning,
    l.docs_in,
    l.docs_kept,
    l.docs_dropped,
    l.docs_quarantined,
    CASE WHEN l.docs_in > 0 THEN l.docs_kept / CAST(l.docs_in AS DOUBLE) END AS kept_ratio,
    l.bytes_in,
    l.bytes_kept
FROM ledger AS l
LEFT JOIN steps AS s ON s.step = l.step
ORDER BY s.position NULLS LAST, l.step
