"""Where the n-grams of parts stand, by their hashes, and the question to which the answer is nearly always no.

Places are ordered by the leading bits of the n-grams' hashes, so that a hash names a short list of places. No hash is kept: what stands at a place is
compared. In front is a Bloom filter of one load (Putze, Sanders and Singler 2007: all bits of a key in one word of 64).
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipelines.contamination.matching import bucket_of, gram, shift_for
from pipelines.text.compile import inlined, kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    Uint16 = npt.NDArray[np.uint16]
    Uint32 = npt.NDArray[np.uint32]
    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]
    Bool = npt.NDArray[np.bool_]

_BITS_A_GRAM: Final = 12  # at least, of a filter; a hash that was not put in gets past it once in some hundred times
_MORE_BITS: Final = 48  # of one that stays in the processor's own memory all the same
_SMALL_WORDS: Final = 1 << 16  # 512 kB
_FEWEST_WORDS, _MOST_WORDS = 1 << 8, 1 << 24  # of a filter: 2 kB to 128 MB
_PLACES_A_BUCKET: Final = 2  # to four, as the number of buckets is a power of two
_BLOCK: Final = 256  # words whose hashes are made before any of them is looked up: so many loads from memory wait for one another's end no longer


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Places:
    """N-grams as the place where each begins and its length."""

    places: Uint32
    lengths: Uint16

    def where(self, chosen: Bool | Int64 | slice) -> Places:
        """Some of them."""
        return Places(places=self.places[chosen], lengths=self.lengths[chosen])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Filter:
    """The first look at a word: whether an n-gram of ``length`` words may begin there."""

    length: int
    bits: Uint64  # a power of two of words


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Grams:
    """The places of G n-grams.

    Attributes:
        borders: uint32[B + 1], B a power of two; bucket b holds ``places[borders[b] : borders[b + 1]]``, ascending.
        places: uint32[G], first word of an n-gram among the words of the parts.
        filters: one for each length of n-grams.
    """

    borders: Uint32
    places: Uint32
    filters: tuple[Filter, ...]

    @classmethod
    def of(cls, sums: Uint64, powers: Uint64, given: Places, reached: Places) -> Grams:
        """The n-grams that are given.

        Args:
            sums: running sums of the words of the parts.
            powers: of the multiplier.
            given: n-grams, ascending by place.
            reached: further n-grams, with which no run begins, but which a run may go through.
        """
        places, lengths = given.places, given.lengths
        num_buckets = 1 << max(len(places) // _PLACES_A_BUCKET, 1).bit_length() - 1
        borders, ordered = np.zeros(num_buckets + 1, np.uint32), np.empty(len(places), np.uint32)
        shift = shift_for(borders)
        _count(sums, powers, places, lengths, shift, borders)
        np.cumsum(borders, out=borders)
        _fill(sums, powers, places, lengths, shift, borders[:-1].copy(), ordered)
        every, its_lengths = np.concatenate([places, reached.places]), np.concatenate([lengths, reached.lengths])
        filters = tuple(_filter(sums, powers, every[its_lengths == length], int(length)) for length in np.unique(its_lengths))
        return cls(borders=borders, places=ordered, filters=filters)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All arrays, by names for files."""
        return {"borders": self.borders, "places": self.places, **{f"filter_{its.length}": its.bits for its in self.filters}}


def passing(starts: Int64, ends: Int64, sums: Uint64, powers: Uint64, its: Filter) -> Int64:
    """Words at which an n-gram may begin that lies in one of the stretches of words, ascending as these are."""
    found = np.empty(len(sums), np.int64)
    count = _pass(starts, ends, sums, powers, its.length, its.bits, found)
    return found[:count]


def gram_hashes(sums: Uint64, powers: Uint64, its: Places) -> Uint64:
    """The hash of each n-gram."""
    hashes = np.empty(len(its.places), np.uint64)
    _hash(sums, powers, its.places, its.lengths, hashes)
    return hashes


def _filter(sums: Uint64, powers: Uint64, places: Uint32, length: int) -> Filter:
    wanted = max(_BITS_A_GRAM * len(places) // 64, min(_MORE_BITS * len(places) // 64, _SMALL_WORDS // 2))
    num_words = min(max(1 << wanted.bit_length(), _FEWEST_WORDS), _MOST_WORDS)
    bits = np.zeros(num_words, np.uint64)
    _mark(sums, powers, places, length, bits)
    return Filter(length=length, bits=bits)


@inlined
def _bits(value: np.uint64) -> np.uint64:
    """Three bits of 64 that a hash asks for."""
    one, six = np.uint64(1), np.uint64(63)
    return one << (value >> np.uint64(32) & six) | one << (value >> np.uint64(38) & six) | one << (value >> np.uint64(44) & six)


@kernel
def _hash(sums: Uint64, powers: Uint64, places: Uint32, lengths: Uint16, hashes: Uint64) -> None:
    for i in range(places.size):
        hashes[i] = gram(sums, powers, np.int64(places[i]), np.int64(lengths[i]))


@kernel
def _count(sums: Uint64, powers: Uint64, places: Uint32, lengths: Uint16, shift: int, borders: Uint32) -> None:
    for i in range(places.size):
        borders[bucket_of(gram(sums, powers, np.int64(places[i]), np.int64(lengths[i])), shift) + 1] += np.uint32(1)


@kernel
def _fill(sums: Uint64, powers: Uint64, places: Uint32, lengths: Uint16, shift: int, following: Uint32, ordered: Uint32) -> None:
    for i in range(places.size):
        bucket = bucket_of(gram(sums, powers, np.int64(places[i]), np.int64(lengths[i])), shift)
        ordered[following[bucket]] = places[i]
        following[bucket] += np.uint32(1)


@kernel
def _mark(sums: Uint64, powers: Uint64, places: Uint32, length: int, bits: Uint64) -> None:
    for i in range(places.size):
        value = gram(sums, powers, np.int64(places[i]), length)
        bits[value & np.uint64(bits.size - 1)] |= _bits(value)


@kernel
def _pass(starts: Int64, ends: Int64, sums: Uint64, powers: Uint64, length: int, bits: Uint64, found: Int64) -> int:
    """Fills ``found``; returns how many there are."""
    count = np.int64(0)
    values = np.empty(_BLOCK, np.uint64)
    mask = np.uint64(bits.size - 1)
    for stretch in range(starts.size):
        end = ends[stretch] - length + 1
        for low in range(starts[stretch], end, _BLOCK):
            size = min(_BLOCK, end - low)
            for i in range(size):
                values[i] = gram(sums, powers, low + i, length)
            for i in range(size):  # without a branch: the processor looks ahead
                wanted = _bits(values[i])
                found[count] = low + i
                count += np.int64(bits[values[i] & mask] & wanted == wanted)
    return int(count)
