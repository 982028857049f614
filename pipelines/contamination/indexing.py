"""What an index is made of: the words of parts as numbers, the places of their n-grams, and the n-grams that too many parts share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.contamination.grams import Places, gram_hashes
from pipelines.contamination.matching import BORDER, MULTIPLIER, numbers_of, prefix_hashes
from pipelines.contamination.screen import both_sums
from pipelines.contract.errors import PartError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    import pyarrow as pa

    from pipelines.text.words import NormalForm

    Uint16 = npt.NDArray[np.uint16]
    Uint32 = npt.NDArray[np.uint32]
    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]
    Bool = npt.NDArray[np.bool_]

MAX_PARTS_PER_NGRAM: Final = 1000
MAX_PLACES: Final = 64  # of one n-gram in one part; the first count
_CHUNK: Final = 1 << 14  # parts that are cut into words at a time
_PRIVATE_USE: Final = range(0xE000, 0xF900)  # code points to which Unicode gives no meaning
_PRIVATE_UTF8: Final = re.compile(rb"\xee[\x80-\xbf]{2}|\xef[\x80-\xa3][\x80-\xbf]")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PartWords:
    """Words of M parts as they are read joined, then of those that have other words when they are read as parted; a border behind each.

    Attributes:
        numbers: uint32[W + S], of the words of the S readings; see `pipelines.contamination.matching`.
        sums: uint64[W + S + 1], running sums of their hashes.
        first: int64[S + 1], place of each reading's first word, and the place behind the last border.
        part_of: int64[S], the part of each reading: 0 to M - 1, then the others.
        is_other: bool[W + S], words that only the second reading of a part has.
    """

    numbers: Uint32
    sums: Uint64
    first: Int64
    part_of: Int64
    is_other: Bool

    @classmethod
    def of(cls, texts: pa.Array, normal_form: NormalForm) -> PartWords:
        """The words of texts.

        Raises:
            PartError: the texts have more words than 32 bits count.
        """
        joined, parted = _Readings(), _Readings()
        for start in range(0, len(texts), _CHUNK):
            chunk = texts.slice(start, _CHUNK)
            both = both_sums(chunk, normal_form)
            every, differing = np.arange(len(chunk)), np.flatnonzero(both.differs)
            joined.add(both.joined, np.zeros(len(both.joined[1]) - 1, np.bool_), every, start)
            parted.add(both.parted, both.is_other, differing, start)
        counts = np.concatenate([np.zeros(1, np.int64), *joined.counts, *parted.counts])
        first = counts.cumsum()
        if first[-1] > np.iinfo(np.uint32).max:
            raise PartError(
                f"decontaminate: registered parts have {first[-1]:,} words; an index holds at most {1 << 32:,}: name fewer tasks under [eval]"
            )
        hashes = np.concatenate([np.empty(0, np.uint64), *joined.hashes, *parted.hashes])
        numbers = numbers_of(hashes)
        numbers[first[1:] - 1] = BORDER
        return cls(
            numbers=numbers,
            sums=prefix_hashes(hashes),
            first=first,
            part_of=np.concatenate([np.empty(0, np.int64), *joined.part_of, *parted.part_of]),
            is_other=np.concatenate([np.empty(0, np.bool_), *joined.is_other, *parted.is_other]),
        )

    @property
    def num_parts(self) -> int:
        """How many parts there are."""
        return int(self.part_of.max(initial=-1)) + 1

    @property
    def num_words(self) -> Int64:
        """Words of each reading."""
        return np.diff(self.first) - 1


class _Readings:
    """Readings of parts, chunk by chunk: hashes of their words with one more for the border, and what goes with them."""

    def __init__(self) -> None:
        self.hashes: list[Uint64] = []
        self.is_other: list[Bool] = []
        self.counts: list[Int64] = []  # words and the border
        self.part_of: list[Int64] = []

    def add(self, sums: tuple[Int64, Uint64], is_other: Bool, chosen: Int64, first_part: int) -> None:
        """The readings of the chosen texts of a chunk whose first text is part ``first_part``."""
        first, prefixes = sums
        counts = np.diff(first)[chosen]
        starts = first[chosen]
        before = np.cumsum(counts + 1) - counts - 1
        words = np.arange(counts.sum()) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        places = np.arange(counts.sum()) + np.repeat(before - (np.cumsum(counts) - counts), counts)
        hashes, others = np.zeros(len(places) + len(chosen), np.uint64), np.zeros(len(places) + len(chosen), np.bool_)
        hashes[places] = prefixes[words + 1] - prefixes[words] * MULTIPLIER
        others[places] = is_other[words]
        self.hashes.append(hashes)
        self.is_other.append(others)
        self.counts.append(counts + 1)
        self.part_of.append(chosen + first_part)


def every_gram(words: PartWords, lengths: Int64, step: int = 1, reach: int = 0) -> Places:
    """The n-grams of each reading, of as many words as ``lengths`` has for it, 0 for none; every one, or every ``step``-th.

    Of the second reading of a part only those at most ``reach`` words away from a word that the first one does not have.
    """
    counts = np.where(lengths > 0, (words.num_words - lengths) // step + 1, 0)
    before = np.cumsum(counts) - counts
    starts = (words.first[:-1] - before * step).astype(np.uint32)  # modulo 2^32, as is the sum below
    places = np.repeat(starts, counts)
    places += np.arange(0, len(places) * step, step, dtype=np.uint32)
    found = Places(places=places, lengths=np.repeat(lengths.astype(np.uint16), counts))
    if not words.is_other.any():
        return found
    second = int(np.searchsorted(places, words.first[words.num_parts]))
    others = np.concatenate([np.zeros(1, np.int64), np.cumsum(words.is_other)])
    start = places[second:].astype(np.int64)
    end = np.minimum(start + found.lengths[second:] + reach, len(words.is_other))
    keeps = np.ones(len(places), np.bool_)
    keeps[second:] = others[end] > others[np.maximum(start - reach, 0)]
    return found.where(keeps)


def rationed(given: Places, words: PartWords, powers: Uint64, max_parts: int) -> tuple[Places, Places, Uint64]:
    """The n-grams that are looked for, one of each that more than ``max_parts`` parts share, and the hashes of these, ascending.

    Of one n-gram in one part the first ``MAX_PLACES`` places count, so that no part, however it repeats itself, is looked through again and again.
    """
    nothing = given.where(np.zeros(0, np.int64))
    hashes = gram_hashes(words.sums, powers, given)
    suspects = _frequent(hashes, min(MAX_PLACES, max_parts))
    if not len(suspects):
        return given, nothing, np.empty(0, np.uint64)
    suspects = suspects[np.argsort(hashes[suspects], kind="stable")]  # by hash, then by place
    its_hashes = hashes[suspects]
    part = words.part_of[np.searchsorted(words.first, given.places[suspects], side="right") - 1]
    is_new_hash = np.append(True, its_hashes[1:] != its_hashes[:-1])
    is_new_part = is_new_hash | np.append(True, part[1:] != part[:-1])
    group = np.cumsum(is_new_hash) - 1
    is_shared = np.bincount(group, weights=is_new_part) > max_parts
    at = np.arange(len(suspects))
    rank = at - np.maximum.accumulate(np.where(is_new_part, at, 0))
    keeps = np.ones(len(given.places), np.bool_)
    keeps[suspects[is_shared[group] | (rank >= MAX_PLACES)]] = False
    first_of_shared = np.flatnonzero(is_new_hash)[is_shared]
    return given.where(keeps), given.where(suspects[first_of_shared]), its_hashes[first_of_shared]


def foreign_character(texts: Iterable[pa.Array]) -> str:
    """A character that is part of words, and that none of the texts holds: a word with it is no word of any item."""
    held: set[bytes] = set()
    for chunk in texts:
        for start in range(0, len(chunk), _CHUNK):
            joined = "\n".join(chunk.slice(start, _CHUNK).to_pylist()).encode()
            held.update(_PRIVATE_UTF8.findall(joined))
    return next(chr(point) for point in _PRIVATE_USE if chr(point).encode() not in held)


def _frequent(hashes: Uint64, most: int) -> Int64:
    """Numbers of the hashes that come more than ``most`` times, and of a few others."""
    bits = min(max(len(hashes), 2).bit_length(), 24)
    bucket = (hashes >> np.uint64(64 - bits)).astype(np.uint32)
    return np.flatnonzero((np.bincount(bucket, minlength=1 << bits) > most)[bucket])
