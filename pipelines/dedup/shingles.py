"""Sets of shingles: runs of k words. A text of fewer words than a shingle is one shingle; a text without words has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xxhash

from pipelines.text.words import words_for_shingles

if TYPE_CHECKING:
    import numpy.typing as npt


def shingles(text: str, size: int) -> set[str]:
    """The distinct shingles of a text, words joined by one blank.

    >>> sorted(shingles("a b c a b c", 2))
    ['a b', 'b c', 'c a']
    """
    words = words_for_shingles(text)
    if len(words) <= size:
        return {" ".join(words)} if words else set()
    return {" ".join(words[i : i + size]) for i in range(len(words) - size + 1)}


def shingle_hashes(text: str, size: int) -> npt.NDArray[np.uint64]:
    """The set of shingles as sorted 64-bit xxh3 hashes.

    Two documents of n shingles each meet in a false shingle with probability n^2 / 2^64: 5e-12 for ten thousand. Jaccard over hashes is exact but
    for that.
    """
    hashes = np.fromiter((xxhash.xxh3_64_intdigest(s.encode()) for s in shingles(text, size)), np.uint64)
    hashes.sort()
    return hashes
