"""C4's signals (Raffel et al. 2020, section 2.2), as datatrove defines them, measured over the lines that C4 keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.signals.base import signals
from pipelines.text.c4_lines import MIN_WORDS
from pipelines.text.interned import spans_of
from pipelines.text.judged_lines import FAULTS, JudgedLines, judge_lines
from pipelines.text.word_table import sentences_of_spans
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    import numpy.typing as npt

    from pipelines.text.batch import DocumentBatch
    from pipelines.text.word_table import WordIds


@signals("c4")
@dataclass(frozen=True, slots=True, kw_only=True)
class C4:
    """What C4's line rules leave of a text, and what it would drop the text for."""

    version: ClassVar[int] = 3
    columns: ClassVar[pa.Schema] = pa.schema(
        [
            column("num_lines", pa.int64(), "lines of the text"),
            column("num_kept_lines", pa.int64(), "lines that C4 keeps"),
            *(column(f"num_lines_{fault}", pa.int64(), f"lines that C4 takes out: {fault.replace('_', ' ')}") for fault in FAULTS if fault),
            column("num_sentences", pa.int64(), "sentences in the kept lines"),
            column("num_lorem_ipsum", pa.int64(), "lines with the words lorem ipsum, of those that C4 reads so far"),
            column("num_curly_brackets", pa.int64(), "lines with an opening curly bracket, of those that C4 reads so far"),
        ]
    )

    require_terminal_punctuation: bool = True  # a line without a mark at its end does not count as kept
    min_words_per_line: int = MIN_WORDS  # a line of fewer words does not count as kept

    def measure(self, batch: DocumentBatch) -> pa.RecordBatch:
        """See ``SignalFamily``."""
        num_lines = batch.line_counts.num_lines
        offsets, data = utf8_buffers(batch.texts)
        needs_mark, min_words = self.require_terminal_punctuation, self.min_words_per_line
        lines = judge_lines(data, offsets, int(num_lines.sum()), require_terminal_punctuation=needs_mark, min_words=min_words)
        num_sentences = np.bincount(lines.texts, _sentences(batch.word_ids, lines), len(batch)).astype(np.int64)
        columns = [num_lines, *lines.by_fault.T, num_sentences, lines.num_lorem_ipsum, lines.num_brackets]
        return pa.RecordBatch.from_arrays([pa.array(counts) for counts in columns], names=self.columns.names)


def _sentences(words: WordIds, lines: JudgedLines) -> npt.NDArray[np.int64]:
    """Sentences of each line that stays."""
    counts = words.sentences(lines.text_starts, lines.text_ends)
    counts[list(lines.rewritten)] = sentences_of_spans(*spans_of(lines.rewritten.values()))
    return counts
