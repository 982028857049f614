"""The detector of personal data that scrub uses: presidio's recognisers on the windows where they could find something."""

from protocol import WARM_UP, Arm

from pipelines.detectors.base import detectors, find_in_each

arm = Arm("assay")
detector = detectors["presidio"]()
find_in_each(detector, [WARM_UP + " jane@example.org +44 20 7946 0958 93.184.216.34"], ["0"])
doc_ids = [str(number) for number in range(len(arm.texts))]
BATCH = 500
with arm.timed():
    found = [
        spans
        for first in range(0, len(arm.texts), BATCH)
        for spans in find_in_each(detector, arm.texts[first : first + BATCH], doc_ids[first : first + BATCH])
    ]
arm.finish(spans=[[[s.start, s.end, s.entity, s.score] for s in spans] for spans in found])
