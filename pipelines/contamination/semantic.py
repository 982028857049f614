"""Items met in other words: passages whose static embedding is near an item's, which a sentence encoder then compares.

A text is cut into blocks of eight words, passages are two, four or eight blocks, and an item is compared with passages of about its own length. A
passage's embedding is the sum of its words' vectors, whole numbers, so that it is the same in any batch; words that are neither of the common ones
nor of an item count for nothing. Matrix products only nominate, with a margin: what decides is the cosine of the sums, in one way for every pair.

Of a whole corpus each item keeps its nearest passages, at most one a document. So the encoder, which takes a hundredth of a second a
passage, has a bounded work however large the corpus is. It is given the run of words in or about a passage that is nearest to the item, since what
stands beside a paraphrase hides it. A finding is a hint for a reader: it changes no text, no fate and no status.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import pyarrow as pa

from pipelines.contract.schema import CONTAMINATION
from pipelines.text.compile import kernel
from pipelines.text.interned import Interned, find
from pipelines.text.words import contamination_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from pipelines.text.words import Words

    Bytes = npt.NDArray[np.uint8]
    Int16 = npt.NDArray[np.int16]
    Int32 = npt.NDArray[np.int32]
    Int64 = npt.NDArray[np.int64]
    Uint64 = npt.NDArray[np.uint64]
    Float32 = npt.NDArray[np.float32]
    Float64 = npt.NDArray[np.float64]

BLOCK_WORDS: Final = 8
BLOCKS_A_PASSAGE: Final = (2, 4, 8)
_MARGIN: Final = 1e-3  # of a product of vectors of length 1 in single precision, whose error is below a ten-thousandth
_SPAN_RATIOS: Final = (0.6, 0.75, 0.9, 1.0, 1.15, 1.35)  # words of a narrowed passage, of the item's
_AT_ONCE: Final = 4096  # passages in one product


class StaticVectors(Protocol):
    """Vectors of words, whole numbers, as `pipelines.text.sentence_embeddings` has them."""

    def of_words(self, words: Sequence[str]) -> Int32:
        """int32[N, D]."""
        ...

    def common_words(self) -> list[str]:
        """Words that every text may hold."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticRule:
    """What counts as met in other words.

    Attributes:
        min_words: shortest item that is looked for.
        min_static: least cosine of static embeddings of a candidate.
        nominees: passages of the whole corpus that are narrowed, for each item.
        candidates: of these, narrowed passages that the encoder is asked about.
        min_similarity: least cosine of the encoder's embeddings of a finding.
    """

    min_words: int = 8
    min_static: float = 0.6
    nominees: int = 64
    candidates: int = 8
    min_similarity: float = 0.65


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A passage that is near an item; in order, the nearest of an item first, then by document and place."""

    item: int
    distance: float  # 1 less the cosine of static embeddings
    doc_id: str
    start: int  # bytes of the text
    end: int
    passage: str  # with half a passage more on either side, until it is narrowed


class SemanticIndex:
    """Items by their static embeddings."""

    def __init__(self, items: pa.Table, static: StaticVectors, rule: SemanticRule = SemanticRule()) -> None:
        """Takes rows of BENCHMARK_ITEMS; those of fewer than ``rule.min_words`` words are not looked for."""
        self.items, self.rule = items, rule
        words = contamination_words(items.column("text").combine_chunks())
        spelled = [words.of_text(row) for row in range(items.num_rows)]
        self._numbers = {word: n for n, word in enumerate(dict.fromkeys([*static.common_words(), *(word for one in spelled for word in one)]))}
        self._known = Interned(self._numbers)
        vectors = static.of_words(list(self._numbers))
        self._vectors = np.concatenate([vectors, np.zeros_like(vectors[:1])])  # the last is that of every word that counts for nothing
        sums = np.stack([self._of_words(one).sum(axis=0) for one in spelled]) if spelled else np.zeros((0, vectors.shape[1]), np.int64)
        num_words = np.diff(words.first)
        sizes = np.array(BLOCKS_A_PASSAGE)
        nearest = sizes[np.abs(np.log2(np.maximum(num_words, 1))[:, None] - np.log2(sizes * BLOCK_WORDS)[None]).argmin(axis=1)]
        is_sought = (num_words >= rule.min_words) & sums.any(axis=1)
        self._by_size = {int(size): np.flatnonzero(is_sought & (nearest == size)) for size in sizes}
        self._sums, self._num_words = sums, num_words

    @property
    def num_items(self) -> int:
        """Parts that are looked for."""
        return sum(len(rows) for rows in self._by_size.values())

    def candidates(self, doc_ids: Sequence[str], texts: pa.Array) -> list[Candidate]:
        """For each item and document the nearest passage, where it is near enough."""
        words = contamination_words(texts)
        borders, blocks = self._blocks(words)
        found: list[Candidate] = []
        for size, rows in self._by_size.items():
            if len(rows):
                found += self._of_size(size, rows, doc_ids, texts, words, borders, blocks)
        return found

    def narrowed(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Of candidates the nearest of each item, once each passage is the run of words in it that is nearest to the item and about as long."""
        nearest = Nearest(self.rule.candidates)
        nearest.add(self._narrowed(one) for one in candidates)
        return nearest.all()

    def _narrowed(self, one: Candidate) -> Candidate:
        words = contamination_words(pa.array([one.passage], pa.string()))
        spelled = words.of_text(0)
        vectors = self._of_words(spelled)
        sums = np.concatenate([np.zeros((1, vectors.shape[1]), np.int64), np.cumsum(vectors, axis=0)])
        best = None
        for length in sorted({max(1, min(len(spelled), round(ratio * self._num_words[one.item]))) for ratio in _SPAN_RATIOS}):
            spans = sums[length:] - sums[:-length]
            distances = 1 - _cosines(spans, np.broadcast_to(self._sums[one.item], spans.shape))
            first = int(distances.argmin())
            best = min(best or (2.0, 0, 0), (float(distances[first]), length, first))
        if best is None:
            return one
        distance, length, first = best
        start, end = int(words.text_starts[first]), int(words.text_ends[first + length - 1])
        passage = one.passage.encode()[start:end].decode()
        return replace(one, distance=distance, start=one.start + start, end=one.start + end, passage=passage)

    def _of_words(self, words: Sequence[str]) -> Int64:
        return self._vectors[[self._numbers.get(word, -1) for word in words]].astype(np.int64)

    def _blocks(self, words: Words) -> tuple[Int64, Int32]:
        """Borders of N texts in blocks, int64[N + 1], and the sum of the words' vectors of each block."""
        num_blocks = -(-np.diff(words.first) // BLOCK_WORDS)
        borders = np.concatenate([np.zeros(1, np.int64), np.cumsum(num_blocks)])
        sums = np.zeros((int(borders[-1]), self._vectors.shape[1]), np.int32)
        known = self._known
        _add_up(words.utf8, words.starts, words.ends, words.first, borders, known.utf8, known.starts, known.slots, self._vectors, sums)
        return borders, sums

    def _of_size(
        self, size: int, rows: Int64, doc_ids: Sequence[str], texts: pa.Array, words: Words, borders: Int64, blocks: Int32
    ) -> list[Candidate]:
        text_of, first_of = _passages(borders, size)
        items = self._sums[rows]
        items_unit = _unit(items)
        best: dict[tuple[int, int], tuple[float, int]] = {}
        for begin in range(0, len(first_of), _AT_ONCE):
            firsts, of_texts = first_of[begin : begin + _AT_ONCE], text_of[begin : begin + _AT_ONCE]
            sums = _passage_sums(blocks, firsts, np.minimum(firsts + size, borders[of_texts + 1]))
            near = np.nonzero(_unit(sums) @ items_unit.T >= self.rule.min_static - _MARGIN)
            for passage, item, cosine in zip(*(one.tolist() for one in near), _cosines(sums[near[0]], items[near[1]]).tolist(), strict=True):
                if cosine >= self.rule.min_static:
                    key, value = (int(rows[item]), int(of_texts[passage])), (1 - cosine, int(firsts[passage]))
                    best[key] = min(best.get(key, value), value)
        return [self._candidate(item, text, size, value, doc_ids, texts, words, borders) for (item, text), value in best.items()]

    def _candidate(
        self, item: int, text: int, size: int, value: tuple[float, int], doc_ids: Sequence[str], texts: pa.Array, words: Words, borders: Int64
    ) -> Candidate:
        distance, block = value
        about = size * BLOCK_WORDS // 2
        at = int(words.first[text] + (block - borders[text]) * BLOCK_WORDS)
        first, last = max(at - about, int(words.first[text])), min(at + 3 * about, int(words.first[text + 1])) - 1
        start, end = int(words.text_starts[first]), int(words.text_ends[last])
        return Candidate(item, distance, doc_ids[text], start, end, texts[text].as_py().encode()[start:end].decode())


class Nearest:
    """The nearest candidates of each item among all that it was told of, in whatever order."""

    def __init__(self, count: int) -> None:
        """Keeps ``count`` an item."""
        self._count = count
        self._kept: dict[int, list[Candidate]] = {}

    def add(self, candidates: Iterable[Candidate]) -> None:
        """Tells it of candidates."""
        for one in candidates:
            kept = self._kept.setdefault(one.item, [])
            if len(kept) == self._count and kept[-1] <= one:
                continue
            kept.append(one)
            kept.sort()
            del kept[self._count :]

    def all(self) -> list[Candidate]:
        """The candidates, by item, the nearest first."""
        return [one for _, kept in sorted(self._kept.items()) for one in kept]


def ranked(items: pa.Table, candidates: Sequence[Candidate], encode: Callable[[Sequence[str]], Float32], min_similarity: float) -> pa.Table:
    """Rows of CONTAMINATION, tier ``semantic``: the candidates that the encoder finds near enough. ``encode`` gives vectors of length 1."""
    texts = items.column("text").to_pylist()
    sought = sorted({one.item for one in candidates})
    of_items = dict(zip(sought, encode([texts[item] for item in sought]), strict=True))
    of_passages = encode([one.passage for one in candidates])
    names = ("benchmark", "item_id", "part")
    rows: list[dict[str, Any]] = []
    for one, passage in zip(candidates, of_passages, strict=True):
        similarity = float(_cosines(passage[None].astype(np.float64), of_items[one.item][None].astype(np.float64))[0])
        if similarity >= min_similarity:
            item = {name: items.column(name)[one.item].as_py() for name in names}
            place = {"doc_start": one.start, "doc_end": one.end, "item_start": 0, "item_end": len(texts[one.item].encode())}
            rows.append({**item, **place, "doc_id": one.doc_id, "tier": "semantic", "similarity": similarity, "action": "flag"})
    return pa.Table.from_pylist(rows, schema=CONTAMINATION.schema)


def _passages(borders: Int64, size: int) -> tuple[Int64, Int64]:
    """Text and first block of each passage; neighbours share half of their blocks, and a text of fewer is one passage."""
    num_blocks = np.diff(borders)
    counts = np.where(num_blocks > 0, np.maximum(-(-(num_blocks - size) // (size // 2)), 0) + 1, 0)
    text_of = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(text_of)) - np.repeat(np.cumsum(counts) - counts, counts)
    return text_of, borders[text_of] + number * (size // 2)


def _passage_sums(blocks: Int32, firsts: Int64, ends: Int64) -> Int64:
    """The sum of the blocks ``firsts`` to ``ends`` of each passage."""
    sums = np.zeros((len(firsts), blocks.shape[1]), np.int64)
    for further in range(int((ends - firsts).max(initial=0))):
        is_in = firsts + further < ends
        sums[is_in] += blocks[firsts[is_in] + further]
    return sums


def _unit(sums: Int64) -> Float32:
    lengths = np.sqrt((sums.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    return np.asarray(sums / np.maximum(lengths, 1e-9), np.float32)


def _cosines(one: Any, other: Any) -> Float64:
    """The cosine of each pair: of whole numbers exact up to the last division, and whatever pairs stand beside it the same."""
    lengths = np.sqrt((one * one).sum(axis=1).astype(np.float64)) * np.sqrt((other * other).sum(axis=1).astype(np.float64))
    return np.asarray((one * other).sum(axis=1) / np.maximum(lengths, 1e-9), np.float64)


@kernel
def _add_up(
    utf8: Bytes, word_starts: Int64, word_ends: Int64, first: Int64, borders: Int64,
    known_utf8: Bytes, known_starts: Int64, known_slots: Uint64, vectors: Int32, sums: Int32,
) -> None:  # fmt: skip
    for text in range(first.size - 1):
        for word in range(first[text], first[text + 1]):
            number = find(utf8, word_starts[word], word_ends[word], known_utf8, known_starts, known_slots)
            if number >= 0:
                block = borders[text] + (word - first[text]) // BLOCK_WORDS
                for i in range(vectors.shape[1]):
                    sums[block, i] += vectors[number, i]
