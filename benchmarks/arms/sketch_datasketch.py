"""datasketch in bulk, with the same permutations; its signatures become buckets after the clock has stopped."""

import numpy as np
import xxhash
from datasketch import MinHash
from protocol import WARM_UP, Arm, digest
from shingling import NUM_BANDS, ROWS_A_BAND, shingles_of

arm = Arm("datasketch")


def signatures(texts: list[str]) -> list[np.ndarray]:
    shingled = ([shingle.encode() for shingle in shingles_of(text)] for text in texts)
    return [made.hashvalues for made in MinHash.bulk(shingled, num_perm=NUM_BANDS * ROWS_A_BAND, seed=1, scheme="affine32")]


signatures([WARM_UP])
with arm.timed():
    found = signatures(arm.texts)


def bucket_of(band: np.ndarray) -> bytes:
    return xxhash.xxh3_64_digest(np.asarray(band, "<u4").tobytes())[::-1]


arm.finish(buckets=[digest(bucket_of(s[i : i + ROWS_A_BAND]) for i in range(0, len(s), ROWS_A_BAND)) for s in found])
