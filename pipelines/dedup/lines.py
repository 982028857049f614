"""Lines that many documents share: menus, notices, footers. Found by their hashes, as Wenzek et al. 2020 (3.1) find paragraphs; here no copy stays.

A line is what stands between two line breaks, without the blanks at its ends; two are the same where their bytes are. Lines are known by the 128
bits of their XXH3, so that no text is moved to count them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import xxhash

from pipelines.contract.schema import EDITS
from pipelines.text.lines import filled_lines

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Int64 = npt.NDArray[np.int64]

STEP: Final = "repeated_lines"
S, I64 = pa.string(), pa.int64()
LINES: Final = pa.schema([("doc_id", S), ("high", I64), ("low", I64), ("start", I64), ("end", I64)])
COUNTS: Final = pa.schema([("doc_id", S), ("num_lines", I64)])
_SIGN: Final = np.uint64(1 << 63)


@dataclass(frozen=True, kw_only=True)
class HashLines:
    """The lines of texts that may be cut, and how many lines each text has at all, blank ones apart."""

    min_characters: int

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """``lines``: a line's hash in two halves and its bytes, the line break behind it included; ``counts``: a document's number of lines."""
        found = filled_lines(batch.column("text"), self.min_characters)
        ids = batch.column("doc_id")
        lines = [ids.take(pa.array(found.texts)), *map(pa.array, (*line_hashes(found.data, found.starts, found.ends), *found.breaks))]
        return {
            "lines": pa.RecordBatch.from_arrays(lines, schema=LINES),
            "counts": pa.RecordBatch.from_arrays([ids, pa.array(found.num_filled)], schema=COUNTS),
        }


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


def line_hashes(data: Bytes, starts: Int64, ends: Int64) -> Int64:
    """XXH3 of each line's UTF-8 in two signed halves: int64[2, n]. Engines have no wider numbers.

    >>> line_hashes(np.frombuffer(b"menu menu", np.uint8), np.array([0, 5]), np.array([4, 9]))[0].tolist()
    [-6687852817998605686, -6687852817998605686]
    """
    view = data.data
    digests = b"".join([xxhash.xxh3_128_digest(view[start:end]) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)])
    halves = np.frombuffer(digests, ">u8").reshape(-1, 2).astype(np.uint64)
    return (halves ^ _SIGN).view(np.int64).T
