"""Sets of shingles: the distinct runs of k dedup words of a text (Broder 1997), known by the 64-bit XXH3 of their words joined by one blank.

A text of fewer words than a shingle is one shingle; a text without words has none. Two different shingles of a pair of documents with n shingles in
all share a hash with a probability below n^2 / 2^65 (the birthday bound): 3e-10 for a pair of a hundred thousand, so that sets of hashes stand for
sets of shingles.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.text.compile import kernel
from pipelines.text.hashing import xxh3_64

if TYPE_CHECKING:
    import numpy.typing as npt

    from pipelines.text.words import Words

    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Shingles:
    """Shingles of N texts, S in all, end to end, each text's in the order of their words.

    Attributes:
        starts, ends: int64[S], where the shingle stands in the words' ``utf8``.
        first: int64[N + 1]; shingles of text t are ``first[t]`` to ``first[t + 1]``.
    """

    starts: Int64
    ends: Int64
    first: Int64


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ShingleSets:
    """Distinct shingles of N texts, S in all, end to end, each text's in the order in which they first occur.

    Attributes:
        hashes: uint64[S].
        first: int64[N + 1]; shingles of text t are ``first[t]`` to ``first[t + 1]``.
    """

    hashes: Uint64
    first: Int64


def all_shingles(words: Words, shingle_words: int) -> Shingles:
    """The shingles of each text, repeated ones as often as they stand there."""
    counts = np.diff(words.first)
    counts = np.where(counts > shingle_words, counts - shingle_words + 1, np.minimum(counts, 1))
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    starts, ends = np.empty(first[-1], np.int64), np.empty(first[-1], np.int64)
    _spans(words.starts, words.ends, words.first, shingle_words, first, starts, ends)
    return Shingles(starts=starts, ends=ends, first=first)


def distinct_shingles(words: Words, shingle_words: int) -> ShingleSets:
    """The set of shingles of each text."""
    found = all_shingles(words, shingle_words)
    hashes, first = xxh3_64(words.utf8, found.starts, found.ends), np.empty(len(found.first), np.int64)
    count = _distinct(hashes, found.first, int(np.diff(found.first).max(initial=0)), first)
    return ShingleSets(hashes=hashes[:count], first=first)


@kernel
def _spans(words_start: Int64, words_end: Int64, words_first: Int64, size: int, first: Int64, starts: Int64, ends: Int64) -> None:
    """Where each shingle starts and ends. A text of fewer words than a shingle gives one."""
    for text in range(first.size - 1):
        last_word = words_first[text + 1] - 1
        for i in range(first[text + 1] - first[text]):
            word = words_first[text] + i
            starts[first[text] + i] = words_start[word]
            ends[first[text] + i] = words_end[min(word + size - 1, last_word)]


@kernel
def _distinct(hashes: Uint64, first: Int64, most: int, chosen_first: Int64) -> int:
    """Moves the first occurrence of each hash in each text to the front; returns how many there are. An open-addressing table, one for all texts."""
    size = 16
    while size < 2 * most:
        size *= 2
    table, owner = np.empty(size, np.uint64), np.full(size, -1, np.int64)  # a slot belongs to the text that wrote it last
    count = 0
    for text in range(first.size - 1):
        chosen_first[text] = count
        size = 16
        while size < 2 * (first[text + 1] - first[text]):
            size *= 2
        mask = np.uint64(size - 1)
        for i in range(first[text], first[text + 1]):
            value = hashes[i]
            slot = value & mask
            while owner[slot] == text and table[slot] != value:
                slot = (slot + np.uint64(1)) & mask
            if owner[slot] != text:
                owner[slot], table[slot] = text, value
                hashes[count] = value
                count += 1
    chosen_first[first.size - 1] = count
    return count
