-- question: Did any step lose or invent a document or a byte? Every gap must be zero
-- grain: a step, in order
-- columns:
--   step: name of the step
--   docs_gap: documents in, less those kept, dropped and quarantined
--   bytes_gap: bytes in and added, less those kept, cut, dropped and quarantined
--   is_balanced: whether both are zero
SELECT
    l.step,
    l.docs_in - l.docs_kept - l.docs_dropped - l.docs_quarantined AS docs_gap,
    l.bytes_in + l.bytes_added - l.bytes_kept - l.bytes_cut - l.bytes_dropped - l.bytes_quarantined AS bytes_gap,
    docs_gap = 0 AND bytes_gap = 0 AS is_balanced
FROM ledger AS l
LEFT JOIN steps AS s ON s.step = l.step
ORDER BY s.position NULLS LAST, l.step
