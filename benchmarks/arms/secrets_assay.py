"""The detector of secrets: keys, tokens, connection strings and passwords, by all of its rules."""

from ours import batch, batches_of
from protocol import WARM_UP, Arm

from pipelines.detectors.base import detectors, find_in_each

arm = Arm("assay")
detector = detectors["secrets"]()
some = batch([{"doc_id": "0", "text": WARM_UP + " password = 'k8#fQz!2'"}])
find_in_each(detector, some["text"], some["doc_id"])
batches = batches_of(arm.texts)
with arm.timed():
    found = [spans for one in batches for spans in find_in_each(detector, one["text"], one["doc_id"])]
arm.finish(secrets=sum(span.passed_over is None for spans in found for span in spans), passed_over=sum(map(len, found)))
