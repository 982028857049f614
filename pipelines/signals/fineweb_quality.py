"""FineWeb's own quality signals (Penedo et al. 2024, section 3.6), as datatrove defines them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.signals.base import shares, signals

if TYPE_CHECKING:
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
        counts, num_words = batch.line_counts, np.diff(batch.word_ids.first)
        columns = [
            pa.array(counts.num_filled_lines),
            shares(counts.num_punctuated_lines, counts.num_filled_lines),
            shares(counts.num_short_lines, counts.num_filled_lines),
            shares(counts.repeated_line_characters, counts.num_characters - counts.num_newlines),
            shares(counts.num_newlines, num_words),
        ]
        return pa.RecordBatch.from_arrays(columns, names=self.columns.names)
