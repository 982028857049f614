"""Seeds of texts, by which one can say of a block of documents that no n-gram of a benchmark is in it, without reading the block again.

Winnowing (Schleimer, Wilkerson and Aiken 2003, section 2): of every three runs of six words that follow each other, eight words in all, the one with
the lowest hash is kept. The choice depends on those eight words and on nothing else: whatever n-gram of eight words or more a text shares with an
item, all that was chosen of the n-gram was chosen of the text. A block that lacks one seed of an n-gram does not hold the n-gram; one that has all
of them may, and is read again. So there are false alarms and no misses.

A block has a set of hashes, cut to 16 bits and as many more as the set has binary digits. Sorted, they are 2 bytes a seed, with a count a bucket:
about a seventh of the text's bytes, and a hash that is not there is taken for one that is once in 65,536 times.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from pipelines.contamination.matching import MULTIPLIER
from pipelines.contamination.screen import running_sums
from pipelines.text.compile import kernel
from pipelines.text.hashing import mixed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    import pyarrow as pa

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


def window_seeds(texts: pa.Array) -> tuple[Int64, Uint64]:
    """The seed of every eight words: borders of N texts in their windows, int64[N + 1], and seeds, uint64[windows]."""
    first, sums = running_sums(texts)
    borders = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.maximum(np.diff(first) - WINDOW_WORDS + 1, 0))])
    seeds = np.empty(int(borders[-1]), np.uint64)
    _choose(first, sums, _POWER, seeds)
    return borders, seeds


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SeedSet:
    """The seeds of a block of documents.

    Attributes:
        counts: uint16[2^b], how many hashes begin with each of the numbers of b bits.
        lows: uint16[n], the 16 bits behind these, in the order of the hashes.
    """

    counts: Uint16
    lows: Uint16

    @classmethod
    def of(cls, seeds: Iterable[Uint64]) -> Self:
        """The set of all seeds of some texts, given in any number of arrays, with repetitions."""
        whole = np.concatenate([np.zeros(0, np.uint64), *(_without_repetitions(one) for one in seeds)])
        distinct = np.unique(whole)  # before anything is cut off: how many bits stay depends on how many there are
        bucket_bits = max(len(distinct).bit_length(), _FEWEST_BUCKET_BITS)
        cut = np.unique(distinct >> np.uint64(64 - bucket_bits - _LOW_BITS))
        counts = np.bincount((cut >> np.uint64(_LOW_BITS)).astype(np.int64), minlength=1 << bucket_bits)
        return cls(counts=counts.astype(np.uint16), lows=(cut & np.uint64((1 << _LOW_BITS) - 1)).astype(np.uint16))

    @classmethod
    def from_bytes(cls, counts: bytes, lows: bytes) -> Self:
        """The set that was written as these bytes."""
        return cls(counts=np.frombuffer(counts, "<u2"), lows=np.frombuffer(lows, "<u2"))

    def to_bytes(self) -> tuple[bytes, bytes]:
        """Counts and low bits, little-endian."""
        return self.counts.astype("<u2", copy=False).tobytes(), self.lows.astype("<u2", copy=False).tobytes()

    def may_hold(self, sought: Sought) -> bool:
        """Whether some n-gram that is sought has all its seeds here. False is certain, true is not."""
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.counts, dtype=np.int64)])
        shift = 64 - (len(self.counts).bit_length() - 1) - _LOW_BITS
        return bool(_meets(starts, self.lows, shift, sought.borders, sought.seeds, sought.num_windows))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sought:
    """The n-grams by which M parts of items are looked for, as seeds.

    Attributes:
        borders: int64[M + 1], of the parts in ``seeds``.
        seeds: uint64, of every eight words of each part.
        num_windows: int64[M], how many windows that follow each other make up an n-gram of a part; 0 where it is not looked for.
    """

    borders: Int64
    seeds: Uint64
    num_windows: Int64

    @classmethod
    def of(cls, texts: pa.Array, lengths: Int64) -> Self:
        """Of the texts of parts and the words of their n-grams. N-grams under eight words have no seeds, and are not among what is sought."""
        borders, seeds = window_seeds(texts)
        return cls(borders=borders, seeds=seeds, num_windows=np.maximum(lengths - WINDOW_WORDS + 1, 0))


def _without_repetitions(seeds: Uint64) -> Uint64:
    """The seeds without those that equal the one before: windows that overlap mostly choose the same."""
    return seeds if len(seeds) < 2 else seeds[np.append(True, seeds[1:] != seeds[:-1])]  # noqa: PLR2004 - one has no neighbour


@kernel
def _choose(first: Int64, sums: Uint64, power: np.uint64, seeds: Uint64) -> None:
    """Fills ``seeds``."""
    count = 0
    hashes = np.empty(SEEDS_A_WINDOW, np.uint64)  # of the last runs of six words, one after the other in a ring
    for text in range(first.size - 1):
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
    """Whether some part has ``num_windows`` seeds in a row that are all in the set."""
    for part in range(num_windows.size):
        needed = num_windows[part]
        run, before, was_there = 0, np.uint64(0), False
        for window in range(borders[part] if needed else borders[part + 1], borders[part + 1]):
            seed = seeds[window]
            if window == borders[part] or seed != before:
                cut = seed >> np.uint64(shift)
                bucket, low = np.int64(cut >> np.uint64(_LOW_BITS)), cut & np.uint64((1 << _LOW_BITS) - 1)
                was_there = False
                for i in range(starts[bucket], starts[bucket + 1]):
                    if lows[i] == low:
                        was_there = True
                        break
                before = seed
            run = run + 1 if was_there else 0
            if run >= needed:
                return True
    return False
