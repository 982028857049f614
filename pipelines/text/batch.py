"""A batch of texts with shared, lazily computed segmentations, so that five signal families split a text into words once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.text import segment

if TYPE_CHECKING:
    from collections.abc import Sequence


class TextBatch:
    """Some texts in order. Everything else about them is computed when first asked for, and kept."""

    def __init__(self, texts: pa.Array) -> None:
        """Takes an Arrow string array without nulls."""
        self.texts = texts

    @classmethod
    def of(cls, texts: Sequence[str]) -> TextBatch:
        """From Python strings."""
        return cls(pa.array(list(texts), pa.string()))

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.texts)

    @cached_property
    def strings(self) -> list[str]:
        """The texts as Python strings."""
        return [str(t) for t in self.texts.to_pylist()]

    @cached_property
    def words(self) -> list[list[str]]:
        """Language-aware words of each text."""
        return segment.language_words(self.strings)
