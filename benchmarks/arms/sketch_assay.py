"""Texts to the buckets of MinHash bands."""

from ours import batch, batches_of
from protocol import WARM_UP, Arm, digest

from pipelines.dedup.bands import band_parameters
from pipelines.dedup.minhash import Sketch

arm = Arm("assay")
bands = band_parameters(0.8, recall=0.998)
sketch = Sketch(num_bands=bands.num_bands, rows_per_band=bands.rows_per_band, shingle_words=5)
sketch(batch([{"doc_id": "0", "text": WARM_UP}]))
batches = batches_of(arm.texts)
with arm.timed():
    made = [sketch(one)["bands"] for one in batches]
buckets = [bucket for one in made for bucket in one.column("bucket").to_pylist()]
by_text = [buckets[first : first + bands.num_bands] for first in range(0, len(buckets), bands.num_bands)]
arm.finish(buckets=[digest(bucket.to_bytes(8, "little", signed=True) for bucket in of_text) for of_text in by_text])
