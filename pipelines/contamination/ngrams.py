"""Registered items as an index of word n-grams, and the places where texts meet them.

A part of 13 words or more is looked for by its 13-grams (Brown et al. 2020, appendix C). A part of 8 to 12 words is looked for whole: it is one
n-gram of its own length. A shorter one is looked for whole only where its item asks for that; else nobody can say whether it is in the corpus,
and its item is unchecked, never clean. Words are contamination words (`pipelines.text.words`).

Hashes only nominate: a hit is claimed after its words were compared. N-grams that follow each other in the text and in the part are one hit; where an
n-gram stands in a part more than once, the run that goes on longest counts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contamination.matching import MULTIPLIER, find_grams, find_runs, gram_hashes, mark, prefix_hashes
from pipelines.contamination.parts import MIN_WORDS, NGRAM_WORDS, ROLES, PartRule
from pipelines.contamination.screen import running_sums
from pipelines.contract.parts import Table, read_table
from pipelines.text.hashing import word_hashes
from pipelines.text.words import Words, contamination_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]

PRIVATE_USE: Final = range(0xE000, 0xF900)  # code points to which Unicode gives no meaning
_BITS_A_GRAM: Final = 16  # of the bitmap in front of the sorted hashes; a word that begins no n-gram gets past it less than once in eight times
_FEWEST_BITS, _MOST_BITS = 14, 30  # of the bitmap, as powers of two: 2 kB to 128 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A run of a text that is a run of an item's part, word for word. Spans are UTF-8 bytes of the text and of the part's text."""

    item: int  # row of the items that the index was built from
    num_ngrams: int
    coverage: float  # share of the part's words in the run, in (0, 1]
    doc_start: int
    doc_end: int
    item_start: int
    item_end: int
    tier: str = "exact"  # or inexact: words differ
    num_edits: int = 0  # words that differ


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Grams:
    """The G n-grams that M parts are looked for by, with D distinct hashes.

    Attributes:
        lengths: int64[M], words of a part's n-grams; 0 where it is not looked for.
        hashes: uint64[D], ascending.
        first: int64[D + 1]; n-grams of hash d are ``first[d]`` to ``first[d + 1]``, by part, then by place.
        items, words: int64[G], part of an n-gram, and its first word in the part.
        bitmap: bits of the hashes of the n-grams and of their heads, which answer most questions at once.
    """

    lengths: Int64
    hashes: Uint64
    first: Int64
    items: Int64
    words: Int64
    bitmap: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSource:
    """What an index is made of, as far as another process needs to know to make the same one."""

    items: Table
    ngram_words: int
    min_words: int
    parts: tuple[str, ...] = ROLES  # roles or names of the parts that are looked for
    benchmarks: frozenset[str] | None = None  # those whose n-grams are looked for; None: all


@lru_cache(maxsize=2)  # all benchmarks, and those whose text has to go
def shared_index(source: IndexSource) -> NgramIndex:
    """The index of registered items, in the order of benchmark, item and part. A process makes it once; pickled, it is a few names of files."""
    if source.benchmarks is not None:
        return shared_index(replace(source, benchmarks=None)).only(source.benchmarks)
    items = read_table(source.items)
    chosen = PartRule(ngram_words=source.ngram_words, min_words=source.min_words, parts=source.parts).looked_for(items)
    items = items.filter(chosen).sort_by([(name, "ascending") for name in ("benchmark", "item_id", "part")])
    return replace(NgramIndex.build(items, source.ngram_words, source.min_words), source=source)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NgramIndex:
    """Registered parts, one a row of the table it was built from. Immutable, and it pickles; about 100 bytes a word of the parts."""

    benchmarks: tuple[str, ...]
    item_ids: tuple[str, ...]
    parts: tuple[str, ...]
    answered: npt.NDArray[np.bool_]  # whether the part's item has an answer
    words: Words
    hashed: Uint64  # hashes of ``words``
    grams: Grams
    head_words: int  # words that the bitmap is asked for first; shorter n-grams are asked for by themselves
    source: IndexSource | None = None  # of an index that other processes can make themselves

    @classmethod
    def build(cls, items: pa.Table, ngram_words: int = NGRAM_WORDS, min_words: int = MIN_WORDS) -> NgramIndex:
        """An index over a table in the schema BENCHMARK_ITEMS. Words are counted anew."""
        words = contamination_words(_array(items.column("text")))
        hashed = word_hashes(words.utf8, words.starts, words.ends)
        num_words = np.diff(words.first)
        asks = np.array(items.column("match_whole").to_pylist(), np.bool_)
        lengths = np.where(asks | (num_words >= min(min_words, ngram_words)), np.minimum(num_words, ngram_words), 0)
        head_words = min(min_words, ngram_words)
        benchmarks, item_ids, parts = (tuple(map(str, items.column(name).to_pylist())) for name in ("benchmark", "item_id", "part"))
        grams = _grams(words.first, hashed, lengths, head_words)
        answered = np.array([value is not False for value in items.column("has_answer").to_pylist()], np.bool_)
        return cls(
            benchmarks=benchmarks, item_ids=item_ids, parts=parts, answered=answered,
            words=words, hashed=hashed, grams=grams, head_words=head_words,
        )  # fmt: skip

    def only(self, benchmarks: Iterable[str]) -> NgramIndex:
        """The index without the n-grams of other benchmarks; rows keep their numbers."""
        wanted = set(benchmarks)
        lengths = np.where(np.array([name in wanted for name in self.benchmarks], np.bool_), self.grams.lengths, 0)
        source = None if self.source is None else replace(self.source, benchmarks=frozenset(wanted))
        return replace(self, grams=_grams(self.words.first, self.hashed, lengths, self.head_words), source=source)

    def __reduce__(self) -> tuple[Any, ...]:
        """Where it comes from, if that is enough to make it again, else all of it."""
        if self.source is not None:
            return shared_index, (self.source,)
        return _restored, ({field.name: getattr(self, field.name) for field in fields(self)},)

    def word_spans(self, item: int) -> tuple[Int64, Int64]:
        """First byte of each word of a part, and the first byte after it, in the part's text."""
        words = slice(self.words.first[item], self.words.first[item + 1])
        return self.words.text_starts[words], self.words.text_ends[words]

    def foreign_character(self) -> str:
        """A character that is part of words, and that no registered part holds: a word with it is no word of any item."""
        held = self.words.utf8.tobytes().decode()
        return next(chr(point) for point in PRIVATE_USE if chr(point) not in held)


def _restored(state: dict[str, Any]) -> NgramIndex:
    return NgramIndex(**state)


def scan(texts: pa.Array | pa.ChunkedArray, index: NgramIndex) -> list[list[Hit]]:
    """For each text its hits, by place in the text, then by item."""
    hits: list[list[Hit]] = [[] for _ in range(len(texts))]
    grams, held = index.grams, index.words
    if not len(grams.hashes) or not hits:
        return hits
    whole = _array(texts)
    lengths = np.unique(grams.lengths[grams.lengths > 0])
    powers = _powers(int(lengths[-1]), index.head_words)
    chosen = np.unique(find_grams(*running_sums(whole), powers, lengths, index.head_words, grams.bitmap, grams.hashes)[0])
    if not len(chosen):
        return hits
    words = contamination_words(whole.take(pa.array(chosen)))
    hashed = word_hashes(words.utf8, words.starts, words.ends)
    found = find_grams(words.first, prefix_hashes(hashed), powers, lengths, index.head_words, grams.bitmap, grams.hashes)
    runs = find_runs(
        *found, words.first, hashed, words.utf8, words.starts, words.ends, grams.first, grams.items, grams.words, grams.lengths,
        held.first, index.hashed, held.utf8, held.starts, held.ends,
    )  # fmt: skip
    for number, item, word, item_word, num_ngrams in runs.tolist():
        hits[chosen[number]].append(_hit(index, words, item=item, word=word, item_word=item_word, num_ngrams=num_ngrams))
    for text in chosen:
        hits[text].sort(key=lambda h: (h.doc_start, h.doc_end, h.item, h.item_start))
    return hits


def _hit(index: NgramIndex, words: Words, *, item: int, word: int, item_word: int, num_ngrams: int) -> Hit:
    held, covered = index.words, num_ngrams + int(index.grams.lengths[item]) - 1
    start = int(held.first[item]) + item_word
    return Hit(
        item=item,
        num_ngrams=num_ngrams,
        coverage=covered / int(held.first[item + 1] - held.first[item]),
        doc_start=int(words.text_starts[word]),
        doc_end=int(words.text_ends[word + covered - 1]),
        item_start=int(held.text_starts[start]),
        item_end=int(held.text_ends[start + covered - 1]),
    )


def _grams(first: Int64, hashed: Uint64, lengths: Int64, head_words: int) -> Grams:
    """The n-grams of the parts whose words, W in all, have the hashes ``hashed`` and the borders ``first``."""
    powers = _powers(int(lengths.max(initial=0)), head_words)
    hashes, heads, items, words = gram_hashes(first, prefix_hashes(hashed), powers, lengths, head_words)
    order = np.argsort(hashes, kind="stable")  # they come by part and place, and stay so within a hash
    distinct, counts = np.unique(hashes, return_counts=True)
    bits = 1 << min(max((_BITS_A_GRAM * len(hashes)).bit_length(), _FEWEST_BITS), _MOST_BITS)
    bitmap = np.zeros(bits // 8, np.uint8)
    mark(heads, bitmap)
    mark(distinct, bitmap)
    borders = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    return Grams(lengths=lengths, hashes=distinct, first=borders, items=items[order], words=words[order], bitmap=bitmap)


def _powers(longest: int, head_words: int) -> Uint64:
    """Powers of the multiplier, up to the longest n-gram's."""
    return np.array([pow(int(MULTIPLIER), n, 1 << 64) for n in range(max(longest, head_words) + 1)], np.uint64)


def _array(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(texts, pa.ChunkedArray):
        return texts
    return texts.chunk(0) if texts.num_chunks == 1 else pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], texts.type)
