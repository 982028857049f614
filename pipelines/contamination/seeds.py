"""Seeds of texts, by which one can say of a block of documents that no n-gram of a benchmark is in it, without reading the block again.

Winnowing (Schleimer, Wilkerson and Aiken 2003, section 2): of every three runs of six words that follow each other, eight words in all, the one with
the lowest hash is kept. The choice depends on these eight words and on nothing else: of whatever n-gram of eight words or more a text shares with
an item, all that is chosen of the n-gram is chosen of the text. A block that lacks one seed of an n-gram does not hold the n-gram; one that has all
of them may, and is read again. So there are false alarms and no misses.

A block's seeds are a set of hashes, cut to 16 bits and as many more as its size has binary digits. Sorted, they are two bytes a seed, and one for how
many begin with each number of so many digits; a hash that is not there is taken for one that is less than once in 65,536 times.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from pipelines.contamination.matching import MULTIPLIER
from pipelines.contamination.screen import both_sums
from pipelines.text.compile import inlined, kernel
from pipelines.text.hashing import mixed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    import pyarrow as pa

    from pipelines.contamination.screen import Sums

    Uint8 = npt.NDArray[np.uint8]
    Uint16 = npt.NDArray[np.uint16]
    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]

VERSION: Final = 1  # goes up when the same text could have other seeds; those of an earlier one are made anew
SEED_WORDS: Final = 6
SEEDS_A_WINDOW: Final = 3
WINDOW_WORDS: Final = SEED_WORDS + SEEDS_A_WINDOW - 1  # the shortest n-gram that seeds can tell of
_LOW_BITS: Final = 16
_FEWEST_BUCKET_BITS: Final = 8
_POWER: Final = np.uint64(pow(int(MULTIPLIER), SEED_WORDS, 1 << 64))


def block_seeds(texts: pa.Array) -> Uint64:
    """The seeds of texts in both readings, with repetitions."""
    both = both_sums(texts)
    joined, parted = _windows(both.joined), _windows(both.parted, both.differs)
    return np.concatenate([_without_repetitions(seeds) for _, seeds in (joined, parted)])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SeedSet:
    """The seeds of a block of documents.

    Attributes:
        counts: uint8[2^b], how many hashes begin with each of the numbers of b bits.
        lows: uint16[n], the 16 bits behind these, in the order of the hashes.
    """

    counts: Uint8
    lows: Uint16

    @classmethod
    def of(cls, seeds: Iterable[Uint64]) -> Self:
        """The set of all seeds of some texts, given in any number of arrays, with repetitions."""
        distinct = _without_repetitions(np.sort(np.concatenate([np.zeros(0, np.uint64), *map(_without_repetitions, seeds)])))
        bucket_bits = max(len(distinct).bit_length(), _FEWEST_BUCKET_BITS)
        while True:
            cut = _without_repetitions(distinct >> np.uint64(64 - bucket_bits - _LOW_BITS))
            counts = np.bincount((cut >> np.uint64(_LOW_BITS)).astype(np.int64), minlength=1 << bucket_bits)
            if counts.max() <= np.iinfo(np.uint8).max:
                break
            bucket_bits += 1  # hashes that chance does not give: a count must hold them all the same
        return cls(counts=counts.astype(np.uint8), lows=(cut & np.uint64((1 << _LOW_BITS) - 1)).astype(np.uint16))

    @classmethod
    def from_bytes(cls, counts: bytes, lows: bytes) -> Self:
        """The set that was written as these bytes."""
        return cls(counts=np.frombuffer(counts, np.uint8), lows=np.frombuffer(lows, "<u2"))

    def to_bytes(self) -> tuple[bytes, bytes]:
        """Counts, and low bits, little-endian."""
        return self.counts.tobytes(), self.lows.astype("<u2", copy=False).tobytes()

    def may_hold(self, sought: Sought) -> bool:
        """Whether some n-gram that is sought has all its seeds here. False is certain, true is not."""
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.counts, dtype=np.int64)])
        shift = 64 - (len(self.counts).bit_length() - 1) - _LOW_BITS
        return bool(_meets(starts, self.lows, shift, sought.borders, sought.seeds, sought.num_windows))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sought:
    """The n-grams by which M parts of items are looked for, as seeds. A part that has two readings is two.

    Attributes:
        borders: int64[M + 1], of the parts in ``seeds``.
        seeds: uint64, of every eight words of each part.
        num_windows: int64[M], how many windows that follow each other make up an n-gram of a part; 0 where it is not looked for.
        num_without: parts that are looked for by n-grams of fewer than eight words, which have no seeds: nothing can be said of these.
    """

    borders: Int64
    seeds: Uint64
    num_windows: Int64
    num_without: int

    @classmethod
    def of(cls, texts: pa.Array, *, asks_whole: npt.NDArray[np.bool_], ngram_words: int, min_words: int) -> Self:
        """Of the texts of parts, which are looked for as `pipelines.contamination.ngrams` says."""
        both = both_sums(texts)
        readings = [_windows(both.joined), _windows(both.parted, both.differs)]
        num_words = np.concatenate([np.diff(both.joined[0]), np.where(both.differs, np.diff(both.parted[0]), 0)])
        is_sought = (np.tile(asks_whole, 2) & (num_words > 0)) | (num_words >= min(min_words, ngram_words))
        lengths = np.where(is_sought, np.minimum(num_words, ngram_words), 0)
        return cls(
            borders=np.concatenate([readings[0][0], readings[0][0][-1] + readings[1][0][1:]]),
            seeds=np.concatenate([seeds for _, seeds in readings]),
            num_windows=np.maximum(lengths - WINDOW_WORDS + 1, 0),
            num_without=int(((lengths > 0) & (lengths < WINDOW_WORDS)).sum()),
        )


def _windows(sums: Sums, wanted: npt.NDArray[np.bool_] | None = None) -> tuple[Int64, Uint64]:
    """The seed of every eight words of the texts that are wanted: borders of N texts in their windows, int64[N + 1], and seeds, uint64[windows]."""
    first, hashes = sums
    counts = np.maximum(np.diff(first) - WINDOW_WORDS + 1, 0)
    chosen = counts if wanted is None else np.where(wanted, counts, 0)
    borders = np.concatenate([np.zeros(1, np.int64), np.cumsum(chosen)])
    seeds = np.empty(int(borders[-1]), np.uint64)
    _choose(first, hashes, _POWER, borders, seeds)
    return borders, seeds


def _without_repetitions(seeds: Uint64) -> Uint64:
    """The seeds without those that equal the one before: windows that overlap mostly choose the same."""
    return seeds if len(seeds) < 2 else seeds[np.append(True, seeds[1:] != seeds[:-1])]  # noqa: PLR2004 - one has no neighbour


@kernel
def _choose(first: Int64, sums: Uint64, power: np.uint64, borders: Int64, seeds: Uint64) -> None:
    """Fills ``seeds``."""
    hashes = np.empty(SEEDS_A_WINDOW, np.uint64)  # of the last runs of six words, one after the other in a ring
    for text in range(first.size - 1):
        count = borders[text]
        if count == borders[text + 1]:
            continue
        for word in range(first[text], first[text + 1] - SEED_WORDS + 1):
            hashes[word % SEEDS_A_WINDOW] = mixed(sums[word + SEED_WORDS] - sums[word] * power)
            if word - first[text] >= SEEDS_A_WINDOW - 1:
                lowest = hashes[0]
                for i in range(1, SEEDS_A_WINDOW):
                    lowest = min(lowest, hashes[i])
                seeds[count] = lowest
                count += 1


@kernel
def _meets(starts: Int64, lows: Uint16, shift: int, borders: Int64, seeds: Uint64, num_windows: Int64) -> bool:
    """Whether some part has ``num_windows`` seeds in a row that are all in the set.

    The last of a run is asked for first: where it is missing, no run that holds it is there, and the next that can be ends that much farther on.
    """
    for part in range(num_windows.size):
        needed = num_windows[part]
        if needed == 0:
            continue
        first = borders[part]
        while first + needed <= borders[part + 1]:
            window = first + needed - 1
            while window >= first and _is_there(starts, lows, shift, seeds[window]):
                window -= 1
            if window < first:
                return True
            first = window + 1
    return False


@inlined
def _is_there(starts: Int64, lows: Uint16, shift: int, seed: np.uint64) -> bool:
    cut = seed >> np.uint64(shift)
    bucket, low = np.int64(cut >> np.uint64(_LOW_BITS)), cut & np.uint64((1 << _LOW_BITS) - 1)
    for i in range(starts[bucket], starts[bucket + 1]):  # noqa: SIM110 - numba has no generators here
        if lows[i] == low:
            return True
    return False
