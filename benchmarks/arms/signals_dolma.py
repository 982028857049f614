"""Dolma's taggers gopher_v1 and c4_v1: its own definitions, on words between blanks."""

from dolma.core.data_types import Document
from dolma.taggers.c4 import C4Tagger
from dolma.taggers.gopher import GopherTagger
from protocol import WARM_UP, Arm

arm = Arm("dolma")
taggers = [GopherTagger(), C4Tagger()]
for tagger in taggers:
    tagger.predict(Document(source="", id="0", text=WARM_UP))
with arm.timed():
    num_spans = sum(len(tagger.predict(Document(source="", id="0", text=text)).spans) for text in arm.texts for tagger in taggers)
arm.finish(num_spans=num_spans)
