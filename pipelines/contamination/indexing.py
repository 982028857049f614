"""What an index is made of: the words of parts as numbers, the places of their n-grams, and the n-grams that too many parts share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.contamination.grams import Places, gram_hashes
from pipelines.contamination.matching import fill_prefixes, numbers_of
from pipelines.contract.errors import PartError
from pipelines.text.hashing import word_hashes
from pipelines.text.words import contamination_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    import pyarrow as pa

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
    """Words of M parts, end to end, a border behind each part.

    Attributes:
        numbers: uint32[W + M], of the words; see `pipelines.contamination.matching`.
        sums: uint64[W + M + 1], running sums of their hashes.
        first: int64[M + 1], place of each part's first word, and the place behind the last border.
    """

    numbers: Uint32
    sums: Uint64
    first: Int64

    @classmethod
    def of(cls, texts: pa.Array) -> PartWords:
        """The words of texts.

        Raises:
            PartError: the texts have more words than 32 bits count.
        """
        numbers, sums, counts = [], [np.zeros(1, np.uint64)], []
        for start in range(0, len(texts), _CHUNK):
            words = contamination_words(texts.slice(start, _CHUNK))
            its_counts = np.diff(words.first)
            with_borders = np.zeros(len(words.starts) + len(its_counts), np.uint64)
            is_word = np.ones(len(with_borders), np.bool_)
            is_word[np.cumsum(its_counts + 1) - 1] = False
            hashes = word_hashes(words.utf8, words.starts, words.ends)
            with_borders[is_word] = hashes
            its_numbers = np.zeros(len(with_borders), np.uint32)
            its_numbers[is_word] = numbers_of(hashes)
            its_sums = np.empty(len(with_borders) + 1, np.uint64)
            its_sums[0] = sums[-1][-1]
            fill_prefixes(with_borders, its_sums)
            numbers.append(its_numbers)
            sums.append(its_sums[1:])
            counts.append(its_counts + 1)
        first = np.concatenate([np.zeros(1, np.int64), *counts]).cumsum()
        if first[-1] > np.iinfo(np.uint32).max:
            raise PartError(
                f"decontaminate: registered parts have {first[-1]:,} words; an index holds at most {1 << 32:,}: name fewer tasks under [eval]"
            )
        return cls(numbers=np.concatenate([np.empty(0, np.uint32), *numbers]), sums=np.concatenate(sums), first=first)

    @property
    def num_words(self) -> Int64:
        """Words of each part."""
        return np.diff(self.first) - 1


def every_gram(words: PartWords, lengths: Int64, step: int = 1) -> Places:
    """The n-grams of each part, of as many words as ``lengths`` has for it, 0 for none; every one, or every ``step``-th."""
    counts = np.where(lengths > 0, (words.num_words - lengths) // step + 1, 0)
    before = np.cumsum(counts) - counts
    starts = (words.first[:-1] - before * step).astype(np.uint32)  # modulo 2^32, as is the sum below
    places = np.repeat(starts, counts)
    places += np.arange(0, len(places) * step, step, dtype=np.uint32)
    return Places(places=places, lengths=np.repeat(lengths.astype(np.uint16), counts))


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
    part = np.searchsorted(words.first, given.places[suspects], side="right")
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
