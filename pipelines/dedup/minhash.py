"""MinHash signatures (Broder 1997), equal to those of datasketch 2.0 with its scheme ``affine32``, seed and permutations."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import xxhash
from datasketch import MinHash

from pipelines.dedup.shingles import shingles
from pipelines.text.compile import kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    Uint32 = npt.NDArray[np.uint32]

SCHEME: Final = "affine32"
BANDS: Final = pa.schema([("doc_id", pa.string()), ("band", pa.int32()), ("bucket", pa.int64())])
SIZES: Final = pa.schema([("doc_id", pa.string()), ("num_shingles", pa.int64())])


@lru_cache(maxsize=4)
def permutations(num_permutations: int, seed: int) -> tuple[Uint32, Uint32]:
    """Multipliers and addends of the permutations, from datasketch itself."""
    a, b = MinHash(num_perm=num_permutations, seed=seed, scheme=SCHEME).permutations
    return np.ascontiguousarray(a, np.uint32), np.ascontiguousarray(b, np.uint32)


@kernel
def _smallest(hashes: Uint32, a: Uint32, b: Uint32, signature: Uint32) -> None:
    """Fills ``signature`` with the smallest a * mix(h) + b mod 2^32 over the hashes; mix is the finaliser of MurmurHash3."""
    for value in hashes:
        x = np.uint32(value ^ (value >> np.uint32(16)))
        x = np.uint32(x * np.uint32(0x85EBCA6B))
        x = np.uint32(x ^ (x >> np.uint32(13)))
        x = np.uint32(x * np.uint32(0xC2B2AE35))
        x = np.uint32(x ^ (x >> np.uint32(16)))
        for i in range(a.size):
            permuted = np.uint32(np.uint32(a[i] * x) + b[i])
            if permuted < signature[i]:  # noqa: PLR1730 - a branch is what the compiler turns into a vector minimum
                signature[i] = permuted


def signature_of(elements: set[str], num_permutations: int, seed: int) -> Uint32:
    """Signature of a set of strings; each is hashed to 32 bits as datasketch does, by the first four bytes of SHA-1."""
    digests = b"".join(hashlib.sha1(e.encode(), usedforsecurity=False).digest()[:4] for e in elements)
    hashes = np.frombuffer(digests, dtype="<u4").astype(np.uint32)
    signature = np.full(num_permutations, 0xFFFFFFFF, np.uint32)
    a, b = permutations(num_permutations, seed)
    _smallest(hashes, a, b, signature)
    return signature


def band_keys(signature: Uint32, num_bands: int, rows_per_band: int) -> list[int]:
    """A signed 64-bit key for each band: xxh3 of the band's bytes."""
    data = signature.astype("<u4").tobytes()
    size = 4 * rows_per_band
    return [struct.unpack("<q", struct.pack("<Q", xxhash.xxh3_64_intdigest(data[i * size : (i + 1) * size])))[0] for i in range(num_bands)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """Texts to the buckets of their bands. A text without words is in no bucket."""

    num_bands: int
    rows_per_band: int
    shingle_words: int = 5
    seed: int = 1

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """``bands``: doc_id, band, bucket; ``sizes``: doc_id, num_shingles."""
        bands: dict[str, list[object]] = {"doc_id": [], "band": [], "bucket": []}
        sizes: dict[str, list[object]] = {"doc_id": [], "num_shingles": []}
        for doc_id, text in zip(batch.column("doc_id").to_pylist(), batch.column("text").to_pylist(), strict=True):
            found = shingles(text, self.shingle_words)
            sizes["doc_id"].append(doc_id)
            sizes["num_shingles"].append(len(found))
            if found:
                signature = signature_of(found, self.num_bands * self.rows_per_band, self.seed)
                bands["doc_id"] += [doc_id] * self.num_bands
                bands["band"] += range(self.num_bands)
                bands["bucket"] += band_keys(signature, self.num_bands, self.rows_per_band)
        return {"bands": pa.RecordBatch.from_pydict(bands, schema=BANDS), "sizes": pa.RecordBatch.from_pydict(sizes, schema=SIZES)}
