"""Registered items as an index of word n-grams, and the places where texts meet them.

A part of 13 words or more is looked for by its 13-grams (Brown et al. 2020, appendix C). A part of 8 to 12 words is looked for whole: it is one
n-gram of its own length. A shorter one is looked for whole only where its item asks for that; else nobody can say whether it is in the corpus,
and its item is unchecked, never clean. Words are contamination words (`pipelines.text.words`).

Hashes only nominate: a hit is claimed after its words were compared. N-grams that follow each other in the text and in the part are one hit; where an
n-gram stands in a part more than once, the run that goes on longest counts. An n-gram that more than ``MAX_PARTS_PER_NGRAM`` parts share says
nothing about any one of them: it is no hit by itself, only a piece of a longer one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contamination.claims import READ, Hit, claimed
from pipelines.contamination.grams import Grams, passing
from pipelines.contamination.indexing import MAX_PARTS_PER_NGRAM, PartWords, every_gram, foreign_character, rationed
from pipelines.contamination.inexact import InexactRule, near_runs, seeds_of
from pipelines.contamination.matching import Held, exact_runs, powers_to
from pipelines.contamination.names import Names
from pipelines.contamination.parts import MIN_WORDS, NGRAM_WORDS
from pipelines.contamination.screen import BothSums, both_sums
from pipelines.text.words import NormalForm, Reading, contamination_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Uint32 = npt.NDArray[np.uint32]
    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]
    Bool = npt.NDArray[np.bool_]

NAMES: Final = ("benchmark", "item_id", "part", "text")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NgramIndex:
    """Registered parts, one a row of the table it was built from. Immutable, and it pickles; about 20 bytes a word of the parts.

    Attributes:
        items: M rows, with the columns ``NAMES``, each in one chunk.
        numbers: words of the parts in S readings, with a border after each (`pipelines.contamination.indexing`).
        first: int64[S + 1], place of each reading's first word.
        part_of: int64[S], the part that is read; the first M are the joined readings.
        lengths: int64[S], words of a reading's n-grams; 0 where it is not looked for.
        grams: where the n-grams stand.
        seeds: where the seeds of the inexact tier stand; None where it is not asked for.
        inexact: what counts as a part that is met with faults; None where it is not asked for.
        shared: hashes of the n-grams that too many parts share, ascending.
        passed_over: bool[M]; all n-grams of the part are shared, so that nobody can say whether it is in a corpus.
        foreign: a character that is part of words, and that no part holds.
        ngram_words: words of the n-grams of long parts.
        normal_form: what a word is.
        answered: bool[M]; whether the part's item has an answer, and where that is not known.
        wanted: bool[M]; parts that are looked for.
        made_by: how another process makes the same index, of one that it can.
    """

    items: pa.Table
    numbers: Uint32
    first: Int64
    part_of: Int64
    lengths: Int64
    grams: Grams
    seeds: Grams | None
    inexact: InexactRule | None
    shared: Uint64
    passed_over: Bool
    foreign: str
    ngram_words: int
    normal_form: NormalForm
    answered: Bool
    wanted: Bool
    made_by: Callable[[], NgramIndex] | None = None

    @classmethod
    def build(
        cls,
        items: pa.Table,
        ngram_words: int = NGRAM_WORDS,
        min_words: int = MIN_WORDS,
        *,
        inexact: InexactRule | None = None,
        normal_form: NormalForm = "assay",
        max_parts_per_ngram: int = MAX_PARTS_PER_NGRAM,
    ) -> NgramIndex:
        """An index over a table in the schema BENCHMARK_ITEMS. Words are counted anew.

        Raises:
            PartError: the parts have more words than an index holds.
        """
        texts = _array(items.column("text").cast(pa.large_string()))
        words = PartWords.of(texts, normal_form)
        asks = np.array(items.column("match_whole").to_pylist(), np.bool_)[words.part_of]
        is_long = words.num_words[words.part_of] >= min(min_words, ngram_words)  # it is the first reading that decides
        lengths = np.where(asks | is_long, np.minimum(words.num_words, ngram_words), 0)
        powers = powers_to(ngram_words)
        given, reached, shared = rationed(every_gram(words, lengths), words, powers, max_parts_per_ngram)
        return cls(
            items=pa.table([texts if name == "text" else _array(items.column(name)) for name in NAMES], list(NAMES)),
            numbers=words.numbers, first=words.first, part_of=words.part_of, lengths=lengths,
            grams=Grams.of(words.sums, powers, given, reached),
            seeds=None if inexact is None else seeds_of(words, np.where(is_long, lengths, 0), powers, ngram_words, inexact),
            inexact=inexact,
            shared=shared,
            passed_over=_passed_over(words, lengths, given.places),
            foreign=foreign_character([texts]),
            ngram_words=ngram_words,
            normal_form=normal_form,
            answered=np.array([value is not False for value in items.column("has_answer").to_pylist()], np.bool_),
            wanted=np.ones(len(texts), np.bool_),
        ).settled()  # fmt: skip

    @property
    def benchmarks(self) -> Names:
        """The benchmark of each part."""
        return self._names("benchmark")

    @property
    def item_ids(self) -> Names:
        """The item of each part."""
        return self._names("item_id")

    @property
    def parts(self) -> Names:
        """The name of each part within its item."""
        return self._names("part")

    def only(self, benchmarks: Iterable[str]) -> NgramIndex:
        """The index without hits of other benchmarks; rows keep their numbers."""
        names = frozenset(benchmarks)
        wanted: Bool = pc.is_in(self.items.column("benchmark"), value_set=pa.array(sorted(names), pa.string())).to_numpy()
        made_by = None if self.made_by is None else partial(_only, self.made_by, names)
        return replace(self, wanted=self.wanted & wanted, made_by=made_by).settled()

    def exact_only(self) -> NgramIndex:
        """The index without what finds inexact runs."""
        made_by = None if self.made_by is None else partial(_exact_only, self.made_by)
        return replace(self, seeds=None, made_by=made_by)

    def settled(self) -> NgramIndex:
        """The index itself, its arrays read-only: kernels are compiled once for each kind of array that they get, and files are mapped so."""
        both = [self.grams, *([self.seeds] if self.seeds else [])]
        own: list[npt.NDArray[Any]] = [
            self.numbers,
            self.first,
            self.part_of,
            self.lengths,
            self.shared,
            self.passed_over,
            self.answered,
            self.wanted,
        ]
        for array in (*own, *(array for grams in both for array in grams.arrays().values())):
            array.flags.writeable = False
        return self

    def word_spans(self, item: int) -> tuple[Int64, Int64]:
        """First byte of each word of a part, and the first byte after it, in the part's text."""
        words = contamination_words(_array(self.items.column("text").slice(item, 1)), normal_form=self.normal_form)
        return words.text_starts, words.text_ends

    def foreign_character(self) -> str:
        """A character that is part of words, and that no registered part holds: a word with it is no word of any item."""
        return self.foreign

    def __reduce__(self) -> tuple[Any, ...]:
        """How to make it again, if another process can, else all of it."""
        if self.made_by is not None:
            return self.made_by, ()
        return _restored, ({field.name: getattr(self, field.name) for field in fields(self)},)

    def _names(self, name: str) -> Names:
        return Names(_array(self.items.column(name)))


def scan(texts: pa.Array | pa.ChunkedArray, index: NgramIndex) -> list[list[Hit]]:
    """For each text its hits, by place in the text, then by item."""
    if not len(texts) or not index.wanted.any():
        return [[] for _ in range(len(texts))]
    whole = _array(texts)
    both = both_sums(whole, index.normal_form)
    first, sums = both.joined
    runs: dict[Reading, Int64] = {"joined": _runs(first, sums, (first[:-1], first[1:]), index, is_whole=True)}
    if both.differs.any():
        runs["parted"] = _runs(*both.parted, _near(both, index.ngram_words), index, is_whole=False)
    found = {reading: its[index.wanted[index.part_of[its[:, READ]]]] for reading, its in runs.items()}
    return claimed(found, whole, index)


def _near(both: BothSums, reach: int) -> tuple[Int64, Int64]:
    """Stretches of words around those that only a parted reading has, with ``reach`` words on both sides: first words, and words behind the last.

    None goes on from one text into the next.
    """
    first, places = both.parted[0], np.flatnonzero(both.is_other)
    text = np.searchsorted(first, places, side="right") - 1
    starts, ends = np.maximum(places - reach, first[text]), np.minimum(places + reach + 1, first[text + 1])
    is_apart = (starts[1:] > ends[:-1]) | (text[1:] != text[:-1])
    return starts[np.append(True, is_apart)], ends[np.append(is_apart, True)]


def _runs(first: Int64, sums: Uint64, stretches: tuple[Int64, Int64], index: NgramIndex, *, is_whole: bool) -> Int64:
    """What hashes alike, in the columns of ``claims``, of n-grams and seeds that lie in stretches of the words."""
    powers = powers_to(index.ngram_words)
    held = Held(numbers=index.numbers, first=index.first, lengths=index.lengths, num_first=index.items.num_rows, shared=index.shared)
    found = [np.empty((0, 7), np.int64)]
    for its in index.grams.filters:
        words = passing(*stretches, sums, powers, its)
        found.append(exact_runs(words, first, sums, powers, its.length, index.grams, held, is_whole=is_whole))
    if index.seeds is not None:
        for its in index.seeds.filters:
            words = passing(*stretches, sums, powers, its)
            found.append(near_runs(words, first, sums, powers, its.length, index.seeds, held, index.ngram_words))
    return np.concatenate(found)


def _restored(state: dict[str, Any]) -> NgramIndex:
    return NgramIndex(**state).settled()


def _only(made_by: Callable[[], NgramIndex], names: frozenset[str]) -> NgramIndex:
    return made_by().only(names)


def _exact_only(made_by: Callable[[], NgramIndex]) -> NgramIndex:
    return made_by().exact_only()


def _passed_over(words: PartWords, lengths: Int64, places: Uint32) -> Bool:
    """Parts that are looked for, and none of whose n-grams is in the index."""
    has_some = np.diff(np.searchsorted(places, words.first.astype(np.uint32))) > 0
    known = np.zeros(words.num_parts, np.bool_)
    np.logical_or.at(known, words.part_of, has_some)
    passed_over: Bool = (lengths[: words.num_parts] > 0) & ~known
    return passed_over


def _array(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(texts, pa.ChunkedArray):
        return texts
    return texts.chunk(0) if texts.num_chunks == 1 else pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], texts.type)
