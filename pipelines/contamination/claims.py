"""From runs of words that hash alike to hits: the words themselves are compared, and places become bytes."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from pipelines.contamination.inexact import word_distance
from pipelines.text.words import Words, contamination_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from pipelines.contamination.inexact import InexactRule
    from pipelines.text.words import NormalForm, Reading

    Int64 = npt.NDArray[np.int64]

TEXT, READ = 0, 1  # columns of runs, int64[R, 7]: the text, the reading of a part, first word and word behind the last in both, words that differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A run of a text that is a run of an item's part, word for word or nearly. Spans are UTF-8 bytes of the text and of the part's text."""

    item: int  # row of the items that the index was built from
    num_ngrams: int
    coverage: float  # share of the part's words in the run, in (0, 1]
    doc_start: int
    doc_end: int
    item_start: int
    item_end: int
    tier: str = "exact"  # or inexact: words differ
    num_edits: int = 0  # words that differ


class Readings(Protocol):
    """What an index knows of its parts."""

    @property
    def items(self) -> pa.Table:
        """The parts' texts, among other things."""
        ...

    @property
    def part_of(self) -> Int64:
        """The part of each reading."""
        ...

    @property
    def lengths(self) -> Int64:
        """Words of the n-grams of each reading."""
        ...

    @property
    def inexact(self) -> InexactRule | None:
        """What counts as a run with faults."""
        ...

    @property
    def normal_form(self) -> NormalForm:
        """What a word is."""
        ...


def claimed(runs: Mapping[Reading, Int64], texts: pa.Array, index: Readings) -> list[list[Hit]]:
    """For each text its hits, by place in the text, then by part: the runs whose words are what their hashes said.

    What lies in a run of the same part, read otherwise or with fewer faults, is no hit of its own.
    """
    hits: list[list[Hit]] = [[] for _ in range(len(texts))]
    found: dict[tuple[int, int], list[Hit]] = defaultdict(list)
    parts = index.items.column("text")
    for reading, given in runs.items():
        is_parted = given[:, READ] >= len(parts)
        by_reading: dict[Reading, Int64] = {"joined": given[~is_parted], "parted": given[is_parted]}
        for part_reading, its in by_reading.items():
            if not len(its):
                continue
            text_side = _Side.of(texts, its[:, TEXT], reading, index.normal_form)
            part_side = _Side.of(parts, index.part_of[its[:, READ]], part_reading, index.normal_form)
            for text, read, *run in np.unique(its, axis=0).tolist():
                hit = _hit((text, int(index.part_of[read]), *run), text_side, part_side, int(index.lengths[read]), index.inexact)
                if hit is not None:
                    found[text, hit.item].append(hit)
    for (text, _), of_part in found.items():
        hits[text] += outermost(of_part)
    for of_text in hits:
        of_text.sort(key=lambda hit: (hit.doc_start, hit.doc_end, hit.item, hit.item_start))
    return hits


def _hit(row: tuple[int, ...], texts: _Side, parts: _Side, length: int, rule: InexactRule | None) -> Hit | None:
    """The hit of a run, or None where words only hash alike, or those that agree say too little."""
    text, part, word, end, part_word, part_end, faults = row
    if faults:
        given, other = texts.words_of(text, word, end), parts.words_of(part, part_word, part_end)
        numbers = {one: number for number, one in enumerate({*given, *other})}
        distance = word_distance(np.array([numbers[one] for one in given], np.int64), np.array([numbers[one] for one in other], np.int64), faults)
        if distance > faults or (rule is not None and not rule.says_enough({*given} & {*other})):
            return None
        faults = max(distance, 1)
    elif texts.utf8(text, word, end) != parts.utf8(part, part_word, part_end):
        return None
    (doc_start, doc_end), (item_start, item_end) = texts.span(text, word, end), parts.span(part, part_word, part_end)
    return Hit(
        item=part,
        num_ngrams=max(part_end - part_word - length, 0) + 1,
        coverage=(part_end - part_word) / parts.num_words(part),
        doc_start=doc_start,
        doc_end=doc_end,
        item_start=item_start,
        item_end=item_end,
        tier="inexact" if faults else "exact",
        num_edits=faults,
    )


def outermost(hits: list[Hit]) -> list[Hit]:
    """Hits of one part in one text, without those that lie in another: of one without faults, or of a longer one."""
    kept: list[Hit] = []
    exact, near = _Apart(), _Apart()
    for hit in sorted(hits, key=lambda hit: (hit.num_edits > 0, hit.doc_start - hit.doc_end, hit.num_edits, hit.doc_start, hit.item_start)):
        if not exact.hold(hit) and not near.hold(hit):
            kept.append(hit)
            (near if hit.num_edits else exact).add(hit)
    return kept


class _Apart:
    """Spans of a text of which none lies in another, so that by start they are by end too: a text may repeat an item ten thousand times."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def hold(self, hit: Hit) -> bool:
        """Whether a hit lies in one of them."""
        place = bisect_right(self._starts, hit.doc_start)
        return place > 0 and hit.doc_end <= self._ends[place - 1]

    def add(self, hit: Hit) -> None:
        """One more, that none holds, and that is no longer than any."""
        place = bisect_right(self._starts, hit.doc_start)
        self._starts.insert(place, hit.doc_start)
        self._ends.insert(place, hit.doc_end)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Side:
    """Some of many texts, in words."""

    numbers: Int64  # which texts, ascending
    words: Words

    @classmethod
    def of(cls, texts: pa.Array | pa.ChunkedArray, numbers: Int64, reading: Reading, normal_form: NormalForm) -> _Side:
        """The texts of these numbers."""
        chosen = np.unique(numbers)
        taken = texts.take(pa.array(chosen))
        return cls(
            numbers=chosen,
            words=contamination_words(taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken, reading, normal_form=normal_form),
        )

    def utf8(self, text: int, start: int, end: int) -> bytes:
        """The words from ``start`` to before ``end`` of a text, one blank between them."""
        first = self._first(text)
        return self.words.utf8[self.words.starts[first + start] : self.words.ends[first + end - 1]].tobytes()

    def words_of(self, text: int, start: int, end: int) -> list[bytes]:
        """The same as words."""
        return self.utf8(text, start, end).split(b" ")

    def span(self, text: int, start: int, end: int) -> tuple[int, int]:
        """Where they stand in the text's bytes."""
        first = self._first(text)
        return int(self.words.text_starts[first + start]), int(self.words.text_ends[first + end - 1])

    def num_words(self, text: int) -> int:
        """Words of a text."""
        at = np.searchsorted(self.numbers, text)
        return int(self.words.first[at + 1] - self.words.first[at])

    def _first(self, text: int) -> int:
        return int(self.words.first[np.searchsorted(self.numbers, text)])
