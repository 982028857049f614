"""Words of texts as numbers: each chunk between white space is cut once, each word's facts are found once, whatever number of texts have them.

The table lives as long as the process and is bounded: past a bound it is left to the batches that still use it and an empty one takes its place.
Numbers of different tables mean different words; nothing that is measured depends on them.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.compile import kernel
from pipelines.text.english import cut_by_rule, cut_by_spacy
from pipelines.text.interned import Interned, longer, spans_of
from pipelines.text.white_space import Chunks, chunks_of
from pipelines.text.word_facts import IS_END_MARK, IS_PUNCTUATION, NUM_FACTS, SENTENCE_PART, added_up, describe
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Bytes = npt.NDArray[np.uint8]
    Bool = npt.NDArray[np.bool_]
    Int32 = npt.NDArray[np.int32]
    Int64 = npt.NDArray[np.int64]

# So many chunks of running text take, with their words, about 180 MB.
_MOST_CHUNKS: Final = 1 << 20
_MOST_BYTES: Final = 1 << 25


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WordIds:
    """Words of N texts, W in all, as numbers.

    Attributes:
        ids: int32[W], in ``table``.
        first: int64[N + 1]; words of text t are ``first[t]`` to ``first[t + 1]``.
        table: what the numbers mean.
        chunks: where the chunks are that the words were cut from.
        chunk_ids: int32[C], their numbers in ``table``.
    """

    ids: Int32
    first: Int64
    table: WordTable
    chunks: Chunks
    chunk_ids: Int32

    def totals(self, *, by_language: bool = False) -> Int64:
        """Facts of each text's words added up: int64[N, 5], see ``pipelines.text.word_facts.added_up``."""
        return added_up(self.ids, self.first, self.table.facts(by_language=by_language))

    def sentences(self, starts: Int64, ends: Int64) -> Int64:
        """Sentences of each line from a start to an end in the bytes of the texts, as ``sentences_of_spans`` counts them: int64[L].

        Lines are stripped, begin and end at white space or where their text does, and come in the order of their starts.
        """
        sentences = np.empty(len(starts), np.int64)
        _count_sentences(self.chunk_ids, self.chunks.starts, self.chunks.wide, self.table.sentence_steps(), starts, ends, sentences)
        return sentences

    def strings(self) -> list[list[str]]:
        """The words themselves."""
        distinct, places = np.unique(self.ids, return_inverse=True)
        met = [self.table.words.string(word) for word in distinct.tolist()]
        flat = [met[place] for place in places]
        return [flat[low:high] for low, high in zip(self.first[:-1], self.first[1:], strict=True)]


class WordTable:
    """Chunks and words that were met, with their facts.

    Attributes:
        chunks: what stands between white space.
        words: words and marks, as rules for English cut them.
        cut: int32[capacity], for each chunk the word that it is, or -1 - r for words in ``runs[r + 1 : r + 1 + runs[r]]``. Most are one word.
        runs: int32[capacity], see ``cut``.
    """

    def __init__(self) -> None:
        """An empty table."""
        self.chunks, self.words = Interned(), Interned()
        self.cut, self.runs = np.empty(1, np.int32), np.empty(1, np.int32)
        self._num_cut = self._num_runs = 0
        self._facts = {by_language: (0, np.empty((1, NUM_FACTS), np.int32)) for by_language in (False, True)}
        self._steps = 0, np.empty((1, 4), np.int32)

    @property
    def is_full(self) -> bool:
        """Whether it is time for an empty one."""
        return self.chunks.count > _MOST_CHUNKS or int(self.chunks.starts[self.chunks.count]) > _MOST_BYTES

    def words_of(self, data: Bytes, starts: Int64, ends: Int64) -> WordIds:
        """Words of each ``data[start:end]``."""
        chunks = chunks_of(data, starts, ends)
        ids = self._chunk_ids(data, chunks)
        words = np.empty(int((chunks.ends - chunks.starts).sum()), np.int32)  # a word has a byte; what is not written to takes no memory
        first = np.empty(len(starts) + 1, np.int64)
        size = _spread(ids, chunks.first, self.cut, self.runs, words, first)
        return WordIds(ids=words[:size], first=first, table=self, chunks=chunks, chunk_ids=ids)

    def facts(self, *, by_language: bool = False) -> Int32:
        """Facts of every word that was met, a row each: int32[capacity, NUM_FACTS], see ``pipelines.text.word_facts``."""
        known, facts = self._facts[by_language]
        if known < self.words.count:
            facts = longer(facts, self.words.count)
            describe(self.words.utf8, self.words.starts, known, facts[: self.words.count], by_language=by_language)
            self._facts[by_language] = self.words.count, facts
        return facts

    def _chunk_ids(self, data: Bytes, chunks: Chunks) -> Int32:
        ids = self.chunks.numbers_of(data, chunks.starts, chunks.ends)
        if self._num_cut < self.chunks.count:
            self._cut_new()
        return ids

    def _cut_new(self) -> None:
        """Words of the chunks that were added."""
        old, new = self._num_cut, self.chunks.count
        ruled = cut_by_rule(self.chunks.utf8, self.chunks.starts[old : new + 1])
        self.cut = longer(self.cut, new)
        is_ruled = ruled.counts >= 0
        words = self.words.numbers_of(self.chunks.utf8, ruled.starts, ruled.ends)
        self._remember(np.flatnonzero(is_ruled) + old, ruled.counts[is_ruled], words)
        asked = np.flatnonzero(~is_ruled) + old
        found = cut_by_spacy([self.chunks.string(chunk) for chunk in asked.tolist()])
        counts = np.fromiter(map(len, found), np.int64, len(found))
        self._remember(asked, counts, self.words.numbers_of(*spans_of(word for words in found for word in words)))
        self._num_cut = new

    def _remember(self, chunks: Int64, counts: Int64, words: Int32) -> None:
        """Takes up words of chunks that were cut, end to end."""
        alone = counts == 1
        self.cut[chunks[alone]] = words[(np.cumsum(counts) - counts)[alone]]
        counts_of_more, words_of_more = counts[~alone], words[np.repeat(~alone, counts)]
        places = self._num_runs + np.cumsum(counts_of_more + 1) - counts_of_more - 1
        self.cut[chunks[~alone]] = -1 - places
        size = self._num_runs + len(counts_of_more) + len(words_of_more)
        self.runs = longer(self.runs, size)
        self.runs[places] = counts_of_more
        shift = np.repeat(places + 1 - np.cumsum(counts_of_more) + counts_of_more, counts_of_more)
        self.runs[np.arange(len(words_of_more)) + shift] = words_of_more
        self._num_runs = size

    def sentence_steps(self) -> Int32:
        """What each chunk does to a count of sentences: int32[capacity, 4].

        Two numbers for no end mark open before it, then two for one: sentences that begin in it, and whether it leaves an end mark open.
        """
        known, steps = self._steps
        if known < self._num_cut:
            steps = longer(steps, self._num_cut)
            _follow_marks(known, self.cut, self.runs, self.facts(), steps[: self._num_cut])
            self._steps = self._num_cut, steps
        return steps


class _InUse(threading.local):
    """The table of this thread."""

    table: WordTable | None = None


_IN_USE: Final = _InUse()


def words_of(data: Bytes, starts: Int64, ends: Int64) -> WordIds:
    """Words of each ``data[start:end]``, by this thread's table. One that is full then goes with these words: no worker is left holding it."""
    table = _IN_USE.table or WordTable()
    found = table.words_of(data, starts, ends)
    _IN_USE.table = None if table.is_full else table
    return found


def word_ids(texts: pa.Array) -> WordIds:
    """Words of texts in an Arrow array without nulls.

    >>> import pyarrow as pa
    >>> word_ids(pa.array(["It's 9 a.m.", ""])).strings()
    [['It', "'s", '9', 'a.m.'], []]
    """
    offsets, data = utf8_buffers(texts)
    return words_of(data, offsets[:-1], offsets[1:])


def sentences_of_spans(data: Bytes, starts: Int64, ends: Int64) -> Int64:
    """Sentences of each line ``data[start:end]``, as spaCy's ``sentencizer`` counts them in the stripped line.

    One begins with the first word after an end mark that is no punctuation; white space other than one blank is a word there.

    >>> sentences_of_spans(*spans_of(["One. (Two!) Three", "At 9 a.m. it rains...", " "])).tolist()
    [3, 1, 0]
    """
    return words_of(data, starts, ends).sentences(starts, ends)


@kernel
def _spread(ids: Int32, first_chunk: Int64, cut: Int32, runs: Int32, words: Int32, first: Int64) -> int:
    """Writes words of chunks end to end, and the first of each text; returns how many there are."""
    size = 0
    for text in range(first.size - 1):
        first[text] = size
        for i in range(first_chunk[text], first_chunk[text + 1]):
            word = cut[ids[i]]
            if word >= 0:
                words[size] = word
                size += 1
            else:
                for j in range(runs[-1 - word]):
                    words[size] = runs[j - word]
                    size += 1
    first[first.size - 1] = size
    return size


@kernel
def _follow_marks(first: int, cut: Int32, runs: Int32, facts: Int32, steps: Int32) -> None:
    """Fills the steps of chunks from ``first`` on."""
    for row in range(first, len(steps)):
        run = -1 - cut[row]  # below 0 for a single word
        for before in range(2):
            begun, is_open = 0, before
            for i in range(1 if run < 0 else runs[run]):
                part = facts[cut[row] if run < 0 else runs[run + 1 + i], SENTENCE_PART]
                if part == IS_END_MARK:
                    is_open = 1
                elif is_open and part != IS_PUNCTUATION:
                    begun += 1
                    is_open = 0
            steps[row, 2 * before], steps[row, 2 * before + 1] = begun, is_open


@kernel
def _count_sentences(ids: Int32, chunk_starts: Int64, wide: Bool, steps: Int32, starts: Int64, ends: Int64, sentences: Int64) -> None:
    """Sentences of lines."""
    i = 0
    for line in range(sentences.size):
        while i < ids.size and chunk_starts[i] < starts[line]:
            i += 1
        first, count, is_open = i, 0, 0
        while i < ids.size and chunk_starts[i] < ends[line]:
            if is_open and wide[i] and i > first:
                count += 1
                is_open = 0
            count += steps[ids[i], 2 * is_open]
            is_open = steps[ids[i], 2 * is_open + 1]
            i += 1
        sentences[line] = count + (i > first)
