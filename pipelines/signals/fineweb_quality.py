"""FineWeb's own quality signals (Penedo et al. 2024, section 3.6), as datatrove defines them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa

from pipelines.contract.schema import column
from pipelines.signals.base import signals

if TYPE_CHECKING:
    from pipelines.text.batch import TextBatch

# Marks that end a sentence in the scripts that lid.176 knows, and the quotes that may close after them.
_ENDS: Final = tuple(".!?\"'…;:)]”’»。！？｡．؟۔।॥։።၊။៕᠃꓿¡¿‽⁇⁈⁉;")  # noqa: RUF001 - marks of many scripts
_SHORT: Final = 30


@signals("fineweb_quality")
@dataclass(frozen=True, slots=True, kw_only=True)
class FinewebQuality:
    """Shares over the lines that are not blank; of a text without any, the shares are 0."""

    version: ClassVar[int] = 1
    columns: ClassVar[pa.Schema] = pa.schema(
        [
            column("num_lines", pa.int64(), "lines that are not blank"),
            column("punctuated_line_ratio", pa.float64(), "share of lines that end with a mark"),
            column("short_line_ratio", pa.float64(), "share of lines of at most 30 characters"),
            column("duplicate_line_character_ratio", pa.float64(), "characters of lines that occurred before, as a share of all but line breaks"),
            column("line_break_ratio", pa.float64(), "line breaks for each word"),
        ]
    )

    def measure(self, batch: TextBatch) -> pa.RecordBatch:
        """See ``SignalFamily``."""
        rows = [self._one(text, words) for text, words in zip(batch.strings, batch.words, strict=True)]
        return pa.RecordBatch.from_pylist(rows, schema=self.columns)

    def _one(self, text: str, words: list[str]) -> dict[str, Any]:
        lines = [line for line in text.split("\n") if line.strip()]
        seen: set[str] = set()
        duplicated = 0
        for line in lines:
            duplicated += len(line) if line in seen else 0
            seen.add(line)
        characters = len(text) - text.count("\n")
        return {
            "num_lines": len(lines),
            "punctuated_line_ratio": _ratio(sum(line.endswith(_ENDS) for line in lines), len(lines)),
            "short_line_ratio": _ratio(sum(len(line) <= _SHORT for line in lines), len(lines)),
            "duplicate_line_character_ratio": _ratio(duplicated, characters),
            "line_break_ratio": _ratio(text.count("\n"), len(words)),
        }


def _ratio(count: int, whole: int) -> float:
    return count / whole if whole else 0.0
