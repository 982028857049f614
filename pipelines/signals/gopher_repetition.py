"""Gopher's repetition signals (Rae et al. 2021, table A1), as datatrove defines them.

Published definitions disagree; these count a repeated line once less than it occurs, take the top n-gram's characters with the blanks between
its words, and skip ahead over a repeated n-gram. All shares are of the characters of the whole text, and of an empty text they are 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.signals.base import shares, signals
from pipelines.text.repeated_ngrams import DUPLICATED, TOP, repeated_ngram_characters

if TYPE_CHECKING:
    from pipelines.text.batch import DocumentBatch


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
        lines, ngrams = batch.line_counts, repeated_ngram_characters(batch.word_ids)
        columns = [
            shares(lines.num_repeated_paragraphs, lines.num_paragraphs),
            shares(lines.repeated_paragraph_characters, lines.num_characters),
            shares(lines.num_repeated_pieces, lines.num_pieces),
            shares(lines.repeated_piece_characters, lines.num_characters),
            *(shares(ngrams[:, n - TOP[0]], lines.num_characters) for n in (*TOP, *DUPLICATED)),
        ]
        return pa.RecordBatch.from_arrays(columns, names=self.columns.names)
