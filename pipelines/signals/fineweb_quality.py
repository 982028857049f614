"""FineWeb's own quality signals (Penedo et al. 2024, section 3.6), as datatrove defines them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.signals.base import signals

if TYPE_CHECKING:
    import numpy.typing as npt

    from pipelines.text.batch import DocumentBatch


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
        counts = batch.line_counts
        num_words = np.fromiter(map(len, batch.words), np.int64, len(batch))
        found = [
            counts.num_filled_lines,
            _ratio(counts.num_punctuated_lines, counts.num_filled_lines),
            _ratio(counts.num_short_lines, counts.num_filled_lines),
            _ratio(counts.repeated_line_characters, counts.num_characters - counts.num_newlines),
            _ratio(counts.num_newlines, num_words),
        ]
        return pa.RecordBatch.from_arrays([pa.array(values) for values in found], schema=self.columns)


def _ratio(counts: npt.NDArray[np.int64], wholes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Each count as a share of its whole, 0 where there is none."""
    return np.divide(counts, wholes, out=np.zeros(len(counts)), where=wholes != 0)
