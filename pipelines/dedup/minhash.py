"""MinHash signatures (Broder 1997), equal to datasketch's with its scheme ``affine32``: permutations from datasketch, the loops compiled here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from pipelines.contract.parts import scratch
from pipelines.dedup.bands import band_keys
from pipelines.dedup.shingles import all_shingles
from pipelines.text.compile import kernel
from pipelines.text.hashing import sha1_hash32
from pipelines.text.words import dedup_words

if TYPE_CHECKING:
    import numpy.typing as npt

    from pipelines.dedup.shingles import Shingles
    from pipelines.text.words import Words

    Uint32 = npt.NDArray[np.uint32]
    Int64 = npt.NDArray[np.int64]

SCHEME: Final = "affine32"
BANDS: Final = scratch(pa.schema([("doc_id", pa.string()), ("band", pa.int32()), ("bucket", pa.int64())]))


def permutations(num_permutations: int, seed: int) -> tuple[Uint32, Uint32]:
    """Multipliers and addends of the permutations, uint32[num_permutations] each, from datasketch itself."""
    from datasketch import MinHash  # brings all of scipy, 1.4 s: only who asks for permutations pays

    a, b = MinHash(num_perm=num_permutations, seed=seed, scheme=SCHEME).permutations
    return np.ascontiguousarray(a, np.uint32), np.ascontiguousarray(b, np.uint32)


def signatures(words: Words, shingles: Shingles, multipliers: Uint32, addends: Uint32) -> Uint32:
    """Signatures of N texts: uint32[N, permutations]; all bits set where a text has no shingle.

    Shingles are hashed to 32 bits by SHA-1, as datasketch does unless told otherwise. One that stands in a text twice changes nothing, and
    to find it would cost more than to hash it again.
    """
    found = np.empty((len(shingles.first) - 1, len(multipliers)), np.uint32)
    _smallest(sha1_hash32(words.utf8, shingles.starts, shingles.ends), shingles.first, multipliers, addends, found)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """Texts to the buckets of their bands. A text without words is in no bucket.

    The permutations are drawn where the object is made and travel with it, as workers have no other need of datasketch.
    """

    num_bands: int
    rows_per_band: int
    shingle_words: int = 5
    seed: int = 1
    drawn: tuple[Uint32, Uint32] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Draws the permutations."""
        object.__setattr__(self, "drawn", permutations(self.num_bands * self.rows_per_band, self.seed))

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """``bands``: doc_id, band, bucket."""
        words = dedup_words(batch.column("text"))
        shingles = all_shingles(words, self.shingle_words)
        keys = band_keys(signatures(words, shingles, *self.drawn), self.num_bands)
        present = np.flatnonzero(np.diff(shingles.first))
        buckets = [
            batch.column("doc_id").take(pa.array(np.repeat(present, self.num_bands))),
            pa.array(np.tile(np.arange(self.num_bands, dtype=np.int32), len(present))),
            pa.array(keys[present].ravel()),
        ]
        return {"bands": pa.RecordBatch.from_arrays(buckets, schema=BANDS)}


@kernel
def _smallest(hashes: Uint32, first: Int64, a: Uint32, b: Uint32, found: Uint32) -> None:
    """Smallest a * mix(h) + b mod 2^32 over the hashes of each text; mix is the finaliser of MurmurHash3 (Appleby 2011)."""
    most = 0
    for text in range(first.size - 1):
        most = max(most, first[text + 1] - first[text])
    mixed = np.empty(most, np.uint32)
    for text in range(first.size - 1):
        start, count = first[text], first[text + 1] - first[text]
        for i in range(count):
            x = hashes[start + i]
            x = np.uint32(np.uint32(x ^ x >> np.uint32(16)) * np.uint32(0x85EBCA6B))
            x = np.uint32(np.uint32(x ^ x >> np.uint32(13)) * np.uint32(0xC2B2AE35))
            mixed[i] = np.uint32(x ^ x >> np.uint32(16))
        for j in range(a.size):
            multiplier, addend, smallest = a[j], b[j], np.uint32(0xFFFFFFFF)
            for i in range(count):  # the innermost loop runs over hashes: a minimum over one array is what becomes vector instructions
                smallest = min(smallest, np.uint32(np.uint32(mixed[i] * multiplier) + addend))
            found[text, j] = smallest
