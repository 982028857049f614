"""Dolma's pii_regex_with_counts_fast_v2: e-mail addresses, US phone numbers, IPv4 addresses."""

from dolma.core.data_types import Document
from dolma.taggers.pii import FastPiiRegex
from protocol import WARM_UP, Arm

arm = Arm("dolma")
tagger = FastPiiRegex()
tagger.predict(Document(source="", id="0", text=WARM_UP))
with arm.timed():
    num_spans = sum(len(tagger.predict(Document(source="", id="0", text=text)).spans) for text in arm.texts)
arm.finish(num_spans=num_spans)
