"""Gopher's quality signals (Rae et al. 2021, table A1), as datatrove defines them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.signals.base import signals
from pipelines.text.marks import symbols

if TYPE_CHECKING:
    from pipelines.text.batch import DocumentBatch

STOP_WORDS: Final = frozenset({"the", "be", "to", "of", "and", "that", "have", "with"})
_ELLIPSES: Final = ("...", "…")


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
        segmented = batch.words if self.segmentation == "english" else batch.language_words
        rows = [self._one(text, words) for text, words in zip(batch.strings, segmented, strict=True)]
        return pa.RecordBatch.from_pylist(rows, schema=self.columns)

    def _one(self, text: str, words: list[str]) -> dict[str, Any]:
        counts = Counter(words)  # a word is looked at once, however often it occurs
        real = [(len(word), count) for word, count in counts.items() if not _is_symbol(word)]
        num_real = sum(count for _, count in real)
        lines = text.splitlines()
        return {
            "num_words": num_real,
            "mean_word_length": _ratio(sum(length * count for length, count in real), num_real),
            "hash_ratio": _ratio(text.count("#"), len(words)),
            "ellipsis_ratio": _ratio(sum(text.count(e) for e in _ELLIPSES), len(words)),
            "bullet_line_ratio": _ratio(sum(line.lstrip().startswith(("•", "-")) for line in lines), len(lines)),
            "ellipsis_line_ratio": _ratio(sum(line.rstrip().endswith(_ELLIPSES) for line in lines), len(lines)),
            "alphabetic_word_ratio": _ratio(sum(count for word, count in counts.items() if _has_letter(word)), len(words)),
            "num_stop_words": len(STOP_WORDS & counts.keys()),
        }


def _ratio(count: int, whole: int) -> float:
    return count / whole if whole else 0.0


@lru_cache(maxsize=1 << 16)
def _is_symbol(word: str) -> bool:
    return symbols().issuperset(word)


@lru_cache(maxsize=1 << 16)
def _has_letter(word: str) -> bool:
    return any(c.isalpha() for c in word)
