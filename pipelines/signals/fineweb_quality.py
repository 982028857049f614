"""FineWeb's own quality signals (Penedo et al. 2024, section 3.6), as datatrove defines them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa

from pipelines.contract.schema import column
from pipelines.signals.base import signals

if TYPE_CHECKING:
    from pipelines.text.batch import TextBatch

# Code points of Unicode 15's Sentence_Terminal and three Khmer marks, which datatrove takes; quotes, colons and ellipses are not among them.
_MARKS: Final = (
    "21 2e 3f 589 61d-61f 6d4 700-702 7f9 837 839 83d-83e 964-965 104a-104b 1362 1367-1368 166e 1735-1736 17d4-17d6 17d9-17da 1803 1809 "
    "1944-1945 1aa8-1aab 1b5a-1b5b 1b5e-1b5f 1b7d-1b7e 1c3b-1c3c 1c7e-1c7f 203c-203d 2047-2049 2e2e 2e3c 2e53-2e54 3002 a4ff a60e-a60f "
    "a6f3 a6f7 a876-a877 a8ce-a8cf a92f a9c8-a9c9 aa5d-aa5f aaf0-aaf1 abeb fe52 fe56-fe57 ff01 ff0e ff1f ff61 10a56-10a57 10f55-10f59 "
    "10f86-10f89 11047-11048 110be-110c1 11141-11143 111c5-111c6 111cd 111de-111df 11238-11239 1123b-1123c 112a9 1144b-1144c "
    "115c2-115c3 115c9-115d7 11641-11642 1173c-1173e 11944 11946 11a42-11a43 11a9b-11a9c 11c41-11c42 11ef7-11ef8 11f43-11f44 "
    "16a6e-16a6f 16af5 16b37-16b38 16b44 16e98 1bc9f 1da88"
)


def _characters(ranges: str) -> frozenset[str]:
    bounds = [(part.partition("-")[0], part.rpartition("-")[2]) for part in ranges.split()]
    return frozenset(chr(point) for low, high in bounds for point in range(int(low, 16), int(high, 16) + 1))


_ENDS: Final = _characters(_MARKS)
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
            "punctuated_line_ratio": _ratio(sum(line[-1] in _ENDS for line in lines), len(lines)),
            "short_line_ratio": _ratio(sum(len(line) <= _SHORT for line in lines), len(lines)),
            "duplicate_line_character_ratio": _ratio(duplicated, characters),
            "line_break_ratio": _ratio(text.count("\n"), len(words)),
        }


def _ratio(count: int, whole: int) -> float:
    return count / whole if whole else 0.0
