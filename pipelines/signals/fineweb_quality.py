"""FineWeb's own quality signals (Penedo et al. 2024, section 3.6), as datatrove defines them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.signals.base import signals
from pipelines.text.marks import sentence_terminals

if TYPE_CHECKING:
    from pipelines.text.batch import DocumentBatch

_SHORT: Final = 30


@signals("fineweb_quality")
@dataclass(frozen=True, slots=True, kw_only=True)
class FinewebQuality:
    """Shares over the lines that are not blank; of a text without any, the shares are 0."""

    version: ClassVar[int] = 2
    columns: ClassVar[pa.Schema] = pa.schema(
        [
            column("num_lines", pa.int64(), "lines that are not blank"),
            column("punctuated_line_ratio", pa.float64(), "share of lines that end with a mark that ends sentences"),
            column("short_line_ratio", pa.float64(), "share of lines of at most 30 characters"),
            column("duplicate_line_character_ratio", pa.float64(), "characters of lines that occurred before, as a share of all but line breaks"),
            column("line_break_ratio", pa.float64(), "line breaks for each word"),
        ]
    )

    def measure(self, batch: DocumentBatch) -> pa.RecordBatch:
        """See ``SignalFamily``."""
        rows = [self._one(text, words) for text, words in zip(batch.strings, batch.words, strict=True)]
        return pa.RecordBatch.from_pylist(rows, schema=self.columns)

    def _one(self, text: str, words: list[str]) -> dict[str, Any]:
        lines = [line for line in text.split("\n") if line.strip()]
        ends = sentence_terminals()
        seen: set[str] = set()
        duplicated = 0
        for line in lines:
            duplicated += len(line) if line in seen else 0
            seen.add(line)
        characters = len(text) - text.count("\n")
        return {
            "num_lines": len(lines),
            "punctuated_line_ratio": _ratio(sum(line[-1] in ends for line in lines), len(lines)),
            "short_line_ratio": _ratio(sum(len(line) <= _SHORT for line in lines), len(lines)),
            "duplicate_line_character_ratio": _ratio(duplicated, characters),
            "line_break_ratio": _ratio(text.count("\n"), len(words)),
        }


def _ratio(count: int, whole: int) -> float:
    return count / whole if whole else 0.0
