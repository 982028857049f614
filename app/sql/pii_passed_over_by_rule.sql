-- question: What looks like personal data and was left, and by which rule?
-- grain: a rule and the kind of personal data that it speaks of
-- columns:
--   rule: our rule by which it is something else
--   entity: kind of personal data that it looks like
--   num_places: places passed over; null where fewer documents than min_group have any
--   num_docs: documents with at least one; null where they are fewer than min_group
-- parameters:
--   min_group = 1: rules met in fewer documents than this are listed without numbers, so that a published table tells of nobody
SELECT
    rule,
    entity,
    CASE WHEN count(DISTINCT doc_id) >= $min_group THEN count(*) END AS num_places,
    CASE WHEN count(DISTINCT doc_id) >= $min_group THEN count(DISTINCT doc_id) END AS num_docs
FROM pii_passed_over
GROUP BY rule, entity
ORDER BY num_places DESC NULLS LAST, rule, entity
