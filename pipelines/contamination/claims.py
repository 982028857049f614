"""From runs of words that hash alike to hits: the words themselves are compared, and places become bytes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipelines.contamination.inexact import word_distance
from pipelines.text.words import Words, contamination_words

if TYPE_CHECKING:
    import numpy.typing as npt

    Int64 = npt.NDArray[np.int64]

TEXT, PART, WORD, END, PART_WORD, PART_END, EDITS = range(7)  # columns of runs: int64[R, 7]; words are counted from the text's, and the part's, first


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


def claimed(runs: Int64, texts: pa.Array, parts: pa.Array | pa.ChunkedArray, lengths: Int64) -> list[list[Hit]]:
    """For each text its hits, by place in the text, then by part: the runs whose words are what their hashes said.

    Of runs with faults that lie in one another only the longest is a hit, and none that lies in a run of the same part without any.
    """
    hits: list[list[Hit]] = [[] for _ in range(len(texts))]
    if not len(runs):
        return hits
    text_side, part_side = _Side.of(texts, runs[:, TEXT]), _Side.of(parts, runs[:, PART])
    found: dict[tuple[int, int], list[Hit]] = defaultdict(list)
    for row in np.unique(runs, axis=0).tolist():
        hit = _hit(row, text_side, part_side, int(lengths[row[PART]]))
        if hit is not None:
            found[row[TEXT], row[PART]].append(hit)
    for (text, _), its in found.items():
        hits[text] += _outermost(its)
    for its in hits:
        its.sort(key=lambda hit: (hit.doc_start, hit.doc_end, hit.item, hit.item_start))
    return hits


def _hit(row: list[int], texts: _Side, parts: _Side, length: int) -> Hit | None:
    """The hit of a run, or None where words only hash alike."""
    text, part, word, end, part_word, part_end, faults = row
    if faults:
        given, other = texts.words_of(text, word, end), parts.words_of(part, part_word, part_end)
        numbers = {one: number for number, one in enumerate({*given, *other})}
        distance = word_distance(np.array([numbers[one] for one in given], np.int64), np.array([numbers[one] for one in other], np.int64), faults)
        if distance > faults:
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


def _outermost(hits: list[Hit]) -> list[Hit]:
    """Hits of one part in one text, without those with faults that lie in another."""
    kept = [hit for hit in hits if not hit.num_edits]
    spans = [(hit.doc_start, hit.doc_end) for hit in kept]
    for hit in sorted(
        (hit for hit in hits if hit.num_edits), key=lambda hit: (hit.doc_start - hit.doc_end, hit.num_edits, hit.doc_start, hit.item_start)
    ):
        if not any(start <= hit.doc_start and hit.doc_end <= end for start, end in spans):
            kept.append(hit)
            spans.append((hit.doc_start, hit.doc_end))
    return kept


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Side:
    """Some of many texts, in words."""

    numbers: Int64  # which texts, ascending
    words: Words

    @classmethod
    def of(cls, texts: pa.Array | pa.ChunkedArray, numbers: Int64) -> _Side:
        """The texts of these numbers."""
        chosen = np.unique(numbers)
        taken = texts.take(pa.array(chosen))
        return cls(numbers=chosen, words=contamination_words(taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken))

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
