"""The detector of personal data as scrub uses it: presidio's recognisers where they could find something, and our own rules beside them."""

from ours import batch, batches_of
from protocol import WARM_UP, Arm

from pipelines.detectors.base import detectors, find_in_each

arm = Arm("assay")
detector = detectors["presidio"]()
some = batch([{"doc_id": "0", "text": WARM_UP + " jane@example.org +44 20 7946 0958 93.184.216.34 4111 1111 1111 1111"}])
find_in_each(detector, some["text"], some["doc_id"])
batches = batches_of(arm.texts)
with arm.timed():
    found = [spans for one in batches for spans in find_in_each(detector, one["text"], one["doc_id"])]
arm.finish(spans=[[[s.start, s.end, s.entity, s.score, s.rule, s.passed_over] for s in spans] for spans in found])
