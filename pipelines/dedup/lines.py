"""Lines that many documents share: menus, notices, footers. Found by their hashes, as Wenzek et al. 2020 (3.1) find paragraphs; here no copy stays.

A line is what stands between two line breaks, without the blanks at its ends; two are the same where their bytes are. Lines are known by the 128
bits of their XXH3, so that no text is moved to count them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import xxhash

from pipelines.contract.schema import EDITS

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP: Final = "repeated_lines"
S, I64 = pa.string(), pa.int64()
LINES: Final = pa.schema([("doc_id", S), ("high", I64), ("low", I64), ("start", I64), ("end", I64)])
COUNTS: Final = pa.schema([("doc_id", S), ("num_lines", I64)])
_SIGNED: Final = 1 << 63


@dataclass(frozen=True, kw_only=True)
class HashLines:
    """The lines of texts that may be cut, and how many lines each text has at all, blank ones apart."""

    min_characters: int

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """``lines``: a line's hash in two halves and its bytes, the line break behind it included; ``counts``: a document's number of lines."""
        lines: dict[str, list[Any]] = {name: [] for name in LINES.names}
        counts = []
        for doc_id, text in zip(batch.column("doc_id").to_pylist(), batch.column("text").to_pylist(), strict=True):
            counts.append(0)
            for start, end, line in _lines(text):
                counts[-1] += 1
                if len(line) >= self.min_characters:
                    high, low = line_hash(line)
                    for name, value in zip(LINES.names, (doc_id, high, low, start, end), strict=True):
                        lines[name].append(value)
        made = pa.RecordBatch.from_pydict(lines, schema=LINES)
        return {"lines": made, "counts": pa.RecordBatch.from_arrays([batch.column("doc_id"), pa.array(counts, I64)], schema=COUNTS)}


@dataclass(frozen=True)
class CutLines:
    """A document's repeated lines as cuts; lines that follow each other are one."""

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Rows of edits for the document that the batch is all about, sorted by start."""
        spans: list[list[int]] = []
        for start, end in zip(batch.column("start").to_pylist(), batch.column("end").to_pylist(), strict=True):
            if spans and spans[-1][1] == start:
                spans[-1][1] = end
            else:
                spans.append([start, end])
        edit = {"doc_id": batch.column("doc_id")[0].as_py(), "from_version": "clean", "new_length": 0, "step": STEP, "cause": "repeated_line"}
        return {"cuts": pa.RecordBatch.from_pylist([{**edit, "start": start, "end": end} for start, end in spans], schema=EDITS.schema)}


def line_hash(line: str) -> tuple[int, int]:
    """XXH3 of a line's UTF-8 in two signed halves: engines have no wider numbers.

    >>> line_hash("menu") == line_hash("menu"), line_hash("menu") == line_hash("Menu")
    (True, False)
    """
    value = xxhash.xxh3_128_intdigest(line.encode())
    return (value >> 64) - _SIGNED, (value & (1 << 64) - 1) - _SIGNED


def _lines(text: str) -> Iterator[tuple[int, int, str]]:
    """First byte, first byte after the line break, and the line without blanks at its ends; lines of nothing but blanks are left out."""
    start, last = 0, len(text.encode())  # the last line may have no break behind it
    for line in text.split("\n"):
        end = min(start + len(line.encode()) + 1, last)
        stripped = line.strip()
        if stripped:
            yield start, end, stripped
        start = end
