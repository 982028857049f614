"""datatrove's filters, every one on every text."""

from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
from protocol import WARM_UP, Arm

FILTERS = {
    "gopher_quality": GopherQualityFilter(),
    "gopher_repetition": GopherRepetitionFilter(),
    "c4": C4QualityFilter(),
    "fineweb_quality": FineWebQualityFilter(),
}

arm = Arm("datatrove")
for one in FILTERS.values():  # loads its models
    one.filter(Document(text=WARM_UP, id="0"))
kept = {}
with arm.timed():
    for name, one in FILTERS.items():
        kept[name] = [one.filter(Document(text=text, id="0")) is True for text in arm.texts]
arm.finish(kept=kept)
