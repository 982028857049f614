"""The scan for registered items, with evidence: which item, how many n-grams, spans on both sides."""

import pyarrow as pa
import pyarrow.parquet as pq
from ours import batches_of
from protocol import WARM_UP, Arm

from pipelines.contamination.ngrams import NgramIndex, scan

arm = Arm("assay")
items = pq.read_table(arm.folder / "items.parquet")
index = NgramIndex.build(items)
scan(pa.array([WARM_UP, "half-read", *items["text"].to_pylist()[:100]]), index)  # every kernel is loaded: hits, misses, words that marks part
batches = batches_of(arm.texts)
with arm.timed():
    found = [hits for batch in batches for hits in scan(batch.column("text"), index)]
arm.finish(hit=[number for number, hits in enumerate(found) if hits])
