"""Registered items as an index of word n-grams, and the places where a text meets them.

A part of 13 words or more is looked for by its 13-grams (Brown et al. 2020, appendix C). A part of 8 to 12 words is looked for whole: it is one
n-gram of its own length. A shorter one is looked for whole only where its item asks for that; else nobody can say whether it is in the corpus,
and its item is unchecked, never clean. Hashes only nominate; a hit is claimed after its words were compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import xxhash

from pipelines.text.compile import kernel
from pipelines.text.words import Words, words_for_ngrams

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    Uint64 = npt.NDArray[np.uint64]

NGRAM_WORDS: Final = 13
MIN_WORDS: Final = 8
_BITMAP_BITS: Final = 1 << 23  # 1 MB in front of the sorted hashes: most words of most texts stop here
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)


def checkable(num_words: int, *, match_whole: bool, min_words: int = MIN_WORDS) -> bool:
    """Whether a part can be looked for at all."""
    return num_words >= min_words or (match_whole and num_words > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A run of a text that is a run of an item's part. Spans are UTF-8 bytes of the text and of the part."""

    item: int  # row of the items that the index was built from
    num_ngrams: int
    coverage: float  # share of the part's words in the run
    doc_start: int
    doc_end: int
    item_start: int
    item_end: int


@dataclass(frozen=True, eq=False)
class NgramIndex:
    """Registered parts and their n-grams. Immutable, and it pickles."""

    benchmarks: tuple[str, ...]
    item_ids: tuple[str, ...]
    parts: tuple[str, ...]
    words: tuple[Words, ...]
    hashes: Mapping[int, Uint64]  # n-gram length -> sorted distinct hashes
    places: Mapping[int, Mapping[int, tuple[tuple[int, int], ...]]]  # n-gram length -> hash -> (part, first word)
    bitmaps: Mapping[int, npt.NDArray[np.uint8]]

    @classmethod
    def build(cls, items: pa.Table, ngram_words: int = NGRAM_WORDS, min_words: int = MIN_WORDS) -> NgramIndex:
        """An index over a table in the schema BENCHMARK_ITEMS."""
        texts, whole = items.column("text").to_pylist(), items.column("match_whole").to_pylist()
        words = tuple(words_for_ngrams(str(text)) for text in texts)
        names = [tuple(str(v) for v in items.column(n).to_pylist()) for n in ("benchmark", "item_id", "part")]
        lengths = [
            min(len(w.words), ngram_words) if checkable(len(w.words), match_whole=bool(m), min_words=min_words) else 0
            for w, m in zip(words, whole, strict=True)
        ]
        return cls._indexed(names, words, lengths)

    @classmethod
    def _indexed(cls, names: Sequence[tuple[str, ...]], words: tuple[Words, ...], lengths: Sequence[int]) -> NgramIndex:
        found: dict[int, dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        for part, (held, length) in enumerate(zip(words, lengths, strict=True)):
            if length:
                for first, value in enumerate(_rolling(word_hashes(held.words), length).tolist()):
                    found[length][value].append((part, first))
        hashes = {n: np.array(sorted(by_hash), np.uint64) for n, by_hash in sorted(found.items())}
        places = {n: {value: tuple(where) for value, where in by_hash.items()} for n, by_hash in found.items()}
        bitmaps = {n: _bitmap(values) for n, values in hashes.items()}
        return cls(names[0], names[1], names[2], words, hashes, places, bitmaps)

    def only(self, benchmarks: Iterable[str]) -> NgramIndex:
        """The index without the other benchmarks; rows keep their numbers."""
        wanted = set(benchmarks)
        lengths = [0] * len(self.words)
        for n, by_hash in self.places.items():
            for where in by_hash.values():
                for part, _ in where:
                    if self.benchmarks[part] in wanted:
                        lengths[part] = n
        return self._indexed((self.benchmarks, self.item_ids, self.parts), self.words, lengths)


def scan(texts: pa.Array, index: NgramIndex) -> list[list[Hit]]:
    """For each text its hits, by place in the text, then by item. Consecutive n-grams of a part are one hit."""
    return [scan_text(str(text), index) for text in texts.to_pylist()]


def scan_text(text: str, index: NgramIndex) -> list[Hit]:
    """The hits of one text."""
    if not index.hashes:
        return []
    words = words_for_ngrams(text)
    hashed = word_hashes(words.words)
    met: list[tuple[int, int, int, int]] = []  # part, first word in the part less that in the text, first word in the text, length
    for length, values in index.hashes.items():
        rolled = _rolling(hashed, length)
        for place in np.flatnonzero(_candidates(rolled, values, index.bitmaps[length])).tolist():
            for part, first in index.places[length].get(int(rolled[place]), ()):
                if index.words[part].words[first : first + length] == words.words[place : place + length]:
                    met.append((part, first - place, place, length))
    return sorted(_merged(met, words, index), key=lambda h: (h.doc_start, h.doc_end, h.item, h.item_start))


def word_hashes(words: Sequence[str]) -> Uint64:
    """A 64-bit hash of each word."""
    return np.fromiter((xxhash.xxh3_64_intdigest(word.encode()) for word in words), np.uint64, len(words))


def _merged(met: list[tuple[int, int, int, int]], words: Words, index: NgramIndex) -> Iterable[Hit]:
    met.sort()
    start = 0
    for end in range(1, len(met) + 1):
        # A run goes on while part and offset stay and the next n-gram begins at the next word.
        if end < len(met) and met[end][:2] == met[start][:2] and met[end][2] == met[end - 1][2] + 1:
            continue
        part, offset, first, length = met[start]
        last = met[end - 1][2] + length - 1
        held = index.words[part]
        yield Hit(
            item=part,
            num_ngrams=end - start,
            coverage=(last - first + 1) / len(held.words),
            doc_start=words.starts[first],
            doc_end=words.ends[last],
            item_start=held.starts[first + offset],
            item_end=held.ends[last + offset],
        )
        start = end


@kernel
def _rolling_into(hashed: Uint64, length: int, prime: np.uint64, out: Uint64) -> None:
    """Polynomial hash of each run of ``length`` word hashes, mod 2^64 (Karp and Rabin 1987), finished so that low bits are well mixed."""
    high = np.uint64(1)
    for _ in range(length):
        high = high * prime
    value = np.uint64(0)
    for i in range(hashed.size):
        value = value * prime + hashed[i]
        if i >= length:
            value = value - hashed[i - length] * high
        if i >= length - 1:
            mixed = value ^ (value >> np.uint64(32))
            mixed = mixed * np.uint64(0xD6E8FEB86659FD93)
            out[i - length + 1] = mixed ^ (mixed >> np.uint64(32))


@kernel
def _candidates_into(rolled: Uint64, values: Uint64, bitmap: npt.NDArray[np.uint8], found: npt.NDArray[np.bool_]) -> None:
    """Marks the hashes that are in the sorted ``values``; the bitmap of low bits answers most questions at once."""
    mask = np.uint64(bitmap.size * 8 - 1)
    for i in range(rolled.size):
        low = rolled[i] & mask
        if bitmap[low >> np.uint64(3)] & np.uint8(1 << (low & np.uint64(7))):
            left, right = 0, values.size
            while left < right:
                middle = (left + right) // 2
                if values[middle] < rolled[i]:
                    left = middle + 1
                else:
                    right = middle
            found[i] = left < values.size and values[left] == rolled[i]


def _rolling(hashed: Uint64, length: int) -> Uint64:
    out = np.zeros(max(0, len(hashed) - length + 1), np.uint64)
    if len(out):
        _rolling_into(hashed, length, _PRIME, out)
    return out


def _candidates(rolled: Uint64, values: Uint64, bitmap: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(rolled), np.bool_)
    _candidates_into(rolled, values, bitmap, found)
    return found


def _bitmap(values: Uint64) -> npt.NDArray[np.uint8]:
    bitmap = np.zeros(_BITMAP_BITS // 8, np.uint8)
    low = values & np.uint64(_BITMAP_BITS - 1)
    np.bitwise_or.at(bitmap, (low >> np.uint64(3)).astype(np.int64), np.left_shift(1, (low & np.uint64(7)).astype(np.int64)).astype(np.uint8))
    return bitmap
