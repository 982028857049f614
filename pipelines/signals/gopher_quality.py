"""Gopher's quality signals (Rae et al. 2021, table A1), as datatrove defines them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.signals.base import shares, signals
from pipelines.text.word_facts import MET_STOP_WORDS, NUM_ALPHABETIC, NUM_REAL, NUM_WORDS, REAL_CHARACTERS

if TYPE_CHECKING:
    from pipelines.text.batch import DocumentBatch


@signals("gopher_quality")
@dataclass(frozen=True, slots=True, kw_only=True)
class GopherQuality:
    """Counts and shares of words, symbols and lines. Shares of a text without words or lines are 0.

    ``segmentation`` says what a word is: "english" as datatrove has it by default, or "by_language", where in scripts written without spaces one
    character is one word (ours: with rules for English, a Chinese page is a handful of words).
    """

    version: ClassVar[int] = 3
    columns: ClassVar[pa.Schema] = pa.schema(
        [
            column("num_words", pa.int64(), "words that hold more than marks (``pipelines.text.marks``)"),
            column("mean_word_length", pa.float64(), "characters of such a word, on average"),
            column("hash_ratio", pa.float64(), "hash signs for each word"),
            column("ellipsis_ratio", pa.float64(), "ellipses for each word"),
            column("bullet_line_ratio", pa.float64(), "share of lines that begin with a bullet"),
            column("ellipsis_line_ratio", pa.float64(), "share of lines that end with an ellipsis"),
            column("alphabetic_word_ratio", pa.float64(), "share of words with a letter"),
            column("num_stop_words", pa.int64(), "distinct ones of: the, be, to, of, and, that, have, with"),
        ]
    )

    segmentation: Literal["english", "by_language"] = "english"  # by_language: in scripts written without spaces a character is a word

    def measure(self, batch: DocumentBatch) -> pa.RecordBatch:
        """See ``SignalFamily``."""
        lines = batch.line_counts
        totals = batch.word_ids.totals(by_language=self.segmentation == "by_language")
        words = totals[:, NUM_WORDS]
        columns = [
            pa.array(totals[:, NUM_REAL]),
            shares(totals[:, REAL_CHARACTERS], totals[:, NUM_REAL]),
            shares(lines.num_hash_signs, words),
            shares(lines.num_ellipses, words),
            shares(lines.num_bullet_lines, lines.num_lines),
            shares(lines.num_ellipsis_lines, lines.num_lines),
            shares(totals[:, NUM_ALPHABETIC], words),
            pa.array(np.bitwise_count(totals[:, MET_STOP_WORDS]).astype(np.int64)),
        ]
        return pa.RecordBatch.from_arrays(columns, names=self.columns.names)
