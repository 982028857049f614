"""The scan for a million registered items, with evidence: word for word, and with one word in thirteen changed, left out or added."""

import pyarrow as pa
import pyarrow.parquet as pq
from ours import batches_of
from protocol import WARM_UP, Arm

from pipelines.contamination.inexact import InexactRule
from pipelines.contamination.ngrams import NgramIndex, scan

arm = Arm("assay")
items = pq.read_table(arm.folder / "items.parquet")
batches = batches_of(arm.texts)
hits = {}
for loop, rule in (("exact", None), ("inexact", InexactRule())):
    index = NgramIndex.build(items, inexact=rule)
    scan(pa.array([WARM_UP, items["text"][0].as_py()]), index)
    with arm.timed(loop):
        found = [its for batch in batches for its in scan(batch.column("text"), index)]
    hits[loop] = sum(map(len, found))
arm.finish(hits=hits)
