"""Gopher's repetition signals (Rae et al. 2021, table A1), as datatrove defines them.

Published definitions disagree; these count a repeated line once less than it occurs, take the top n-gram's characters with the blanks between
its words, and skip ahead over a repeated n-gram. All shares are of the characters of the whole text, and of an empty text they are 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pyarrow as pa
import xxhash

from pipelines.contract.columns import column
from pipelines.signals.base import signals
from pipelines.text.compile import kernel
from pipelines.text.segment import lines, paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from pipelines.text.batch import DocumentBatch

    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]

TOP: Final = (2, 3, 4)
DUPLICATED: Final = (5, 6, 7, 8, 9, 10)


@signals("gopher_repetition")
@dataclass(frozen=True, slots=True, kw_only=True)
class GopherRepetition:
    """Shares of repeated lines, paragraphs and word n-grams."""

    version: ClassVar[int] = 2
    columns: ClassVar[pa.Schema] = pa.schema(
        [
            column("duplicate_paragraph_ratio", pa.float64(), "share of paragraphs that occurred before"),
            column("duplicate_paragraph_character_ratio", pa.float64(), "their characters, as a share of the text"),
            column("duplicate_line_ratio", pa.float64(), "share of lines that occurred before"),
            column("duplicate_line_character_ratio", pa.float64(), "their characters, as a share of the text"),
            *(column(f"top_{n}_gram_character_ratio", pa.float64(), f"characters of all copies of the most frequent {n}-gram") for n in TOP),
            *(column(f"duplicate_{n}_gram_character_ratio", pa.float64(), f"characters in {n}-grams that occurred before") for n in DUPLICATED),
        ]
    )

    def measure(self, batch: DocumentBatch) -> pa.RecordBatch:
        """See ``SignalFamily``."""
        rows = [self._one(text, words) for text, words in zip(batch.strings, batch.words, strict=True)]
        return pa.RecordBatch.from_pylist(rows, schema=self.columns)

    def _one(self, text: str, words: list[str]) -> dict[str, Any]:
        size = len(text)
        row: dict[str, Any] = {}
        for name, pieces in (("paragraph", paragraphs(text)), ("line", lines(text))):
            count, characters = repeated(pieces)
            row[f"duplicate_{name}_ratio"] = count / len(pieces)
            row[f"duplicate_{name}_character_ratio"] = characters / size if size else 0.0
        hashes = np.fromiter(map(_hash, words), np.uint64, len(words))
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        for n in TOP:
            row[f"top_{n}_gram_character_ratio"] = top_characters(hashes, lengths, n) / size if size else 0.0
        for n in DUPLICATED:
            row[f"duplicate_{n}_gram_character_ratio"] = duplicate_characters(hashes, lengths, n) / size if size else 0.0
        return row


@lru_cache(maxsize=1 << 16)
def _hash(word: str) -> int:
    return xxhash.xxh3_64_intdigest(word.encode())


def repeated(pieces: Sequence[str]) -> tuple[int, int]:
    """How many pieces occurred before, and their characters."""
    seen: set[str] = set()
    count = characters = 0
    for piece in pieces:
        if piece in seen:
            count += 1
            characters += len(piece)
        else:
            seen.add(piece)
    return count, characters


@kernel
def _ngram_hash(hashes: Uint64, start: int, n: int) -> np.uint64:
    value = np.uint64(0)
    for i in range(start, start + n):
        value = np.uint64((value ^ hashes[i]) * np.uint64(0x9E3779B97F4A7C15))
        value = np.uint64(value ^ (value >> np.uint64(29)))
    return value


@kernel
def _table_size(count: int) -> int:
    size = 16
    while size < 2 * count:
        size *= 2
    return size


@kernel
def top_characters(hashes: Uint64, lengths: Int64, n: int) -> int:
    """Characters of all copies of the most frequent n-gram, words joined by one blank; of equally frequent ones the first."""
    total = hashes.size - n + 1
    if total <= 0:
        return 0
    size = _table_size(total)
    mask = np.uint64(size - 1)
    keys, counts, firsts = np.zeros(size, np.uint64), np.zeros(size, np.int64), np.zeros(size, np.int64)
    for i in range(total):
        key = _ngram_hash(hashes, i, n)
        place = np.uint64(key & mask)
        while counts[place] and keys[place] != key:
            place = np.uint64((place + np.uint64(1)) & mask)
        if counts[place] == 0:
            keys[place] = key
            firsts[place] = i
        counts[place] += 1
    best, first = 0, total
    for slot in range(size):
        if counts[slot] > best or (counts[slot] == best and firsts[slot] < first):
            best, first = counts[slot], firsts[slot]
    characters = n - 1
    for i in range(first, first + n):
        characters += lengths[i]
    return best * characters


@kernel
def duplicate_characters(hashes: Uint64, lengths: Int64, n: int) -> int:
    """Characters of n-grams that occurred before, without blanks; a counted n-gram is skipped whole, so no word counts twice."""
    total = hashes.size - n + 1
    if total <= 0:
        return 0
    size = _table_size(total)
    mask = np.uint64(size - 1)
    keys, used = np.zeros(size, np.uint64), np.zeros(size, np.bool_)
    characters, i = 0, 0
    while i < total:
        key = _ngram_hash(hashes, i, n)
        place = np.uint64(key & mask)
        while used[place] and keys[place] != key:
            place = np.uint64((place + np.uint64(1)) & mask)
        if used[place]:
            for j in range(i, i + n):
                characters += lengths[j]
            i += n
        else:
            keys[place] = key
            used[place] = True
            i += 1
    return characters
