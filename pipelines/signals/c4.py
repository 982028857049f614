"""C4's signals (Raffel et al. 2020, section 2.2), as datatrove defines them, measured over the lines that C4 keeps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.signals.base import signals
from pipelines.text.c4_lines import MIN_WORDS, judge_line
from pipelines.text.english import memory_zone
from pipelines.text.segment import count_sentences

if TYPE_CHECKING:
    from pipelines.text.batch import DocumentBatch

_FAULTS: Final = ("too_long_word", "no_terminal_punctuation", "too_few_words", "javascript", "policy")
# The lines that C4 reads as far as its check for lorem ipsum, which comes before that for javascript, and for brackets, which comes after it.
_READ_FOR_LOREM_IPSUM: Final = (None, "javascript", "policy")
_READ_FOR_BRACKETS: Final = (None, "policy")


@signals("c4")
@dataclass(frozen=True, slots=True, kw_only=True)
class C4:
    """What C4's line rules leave of a text, and what it would drop the text for."""

    version: ClassVar[int] = 3
    columns: ClassVar[pa.Schema] = pa.schema(
        [
            column("num_lines", pa.int64(), "lines of the text"),
            column("num_kept_lines", pa.int64(), "lines that C4 keeps"),
            *(column(f"num_lines_{fault}", pa.int64(), f"lines that C4 takes out: {fault.replace('_', ' ')}") for fault in _FAULTS),
            column("num_sentences", pa.int64(), "sentences in the kept lines"),
            column("num_lorem_ipsum", pa.int64(), "lines with the words lorem ipsum, of those that C4 reads so far"),
            column("num_curly_brackets", pa.int64(), "lines with an opening curly bracket, of those that C4 reads so far"),
        ]
    )

    require_terminal_punctuation: bool = True  # a line without a mark at its end does not count as kept
    min_words_per_line: int = MIN_WORDS  # a line of fewer words does not count as kept

    def measure(self, batch: DocumentBatch) -> pa.RecordBatch:
        """See ``SignalFamily``."""
        with memory_zone():
            return pa.RecordBatch.from_pylist([self._one(text) for text in batch.strings], schema=self.columns)

    def _one(self, text: str) -> dict[str, Any]:
        judged = [
            judge_line(line, require_terminal_punctuation=self.require_terminal_punctuation, min_words=self.min_words_per_line)
            for line in text.splitlines()
        ]
        faults = Counter(line.fault for line in judged)
        kept = [line.text for line in judged if line.fault is None]
        return {
            "num_lines": len(judged),
            "num_kept_lines": len(kept),
            **{f"num_lines_{fault}": faults[fault] for fault in _FAULTS},
            "num_sentences": sum(count_sentences(line) for line in kept),
            "num_lorem_ipsum": sum("lorem ipsum" in line.text.lower() for line in judged if line.fault in _READ_FOR_LOREM_IPSUM),
            "num_curly_brackets": sum("{" in line.text for line in judged if line.fault in _READ_FOR_BRACKETS),
        }
