"""Documents laid end to end and cut into rows: which tokens a row holds, and which rows a document is in.

Row r reads the stream's tokens r*C .. r*C+C-1 (C: context length) and predicts r*C+1 .. r*C+C, so it touches C+1 tokens, the last of which the
next row reads first. Every token of the stream but the very first is predicted exactly once an epoch, except for the tail that fills no row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Tokens of a document: ``document`` is its index in the plan, ``start`` counts from its own first token."""

    document: int
    start: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """Rows over documents. ``offsets`` are the prefix sums of their lengths in tokens, one more than there are documents."""

    offsets: NDArray[np.int64]
    context_length: int

    @property
    def num_tokens(self) -> int:
        """Tokens of the whole stream."""
        return int(self.offsets[-1])

    @property
    def num_rows(self) -> int:
        """Rows that can be filled."""
        return max(0, self.num_tokens - 1) // self.context_length

    @property
    def num_tail_tokens(self) -> int:
        """Tokens at the end that no row touches, fewer than the context length."""
        return self.num_tokens - self.num_rows * self.context_length - 1 if self.num_rows else self.num_tokens

    def documents_at(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Index of the document that holds each token of the stream."""
        return np.searchsorted(self.offsets, positions, side="right") - 1

    def spans(self, row: int) -> list[Span]:
        """What a row touches, in order, C+1 tokens together; a logarithmic search and then one step a document."""
        start, end = row * self.context_length, (row + 1) * self.context_length + 1
        first, last = self.documents_at(np.array([start, end - 1], dtype=np.int64)).tolist()
        found = []
        for document in range(first, last + 1):
            begin, stop = max(start, int(self.offsets[document])), min(end, int(self.offsets[document + 1]))
            found.append(Span(document=document, start=begin - int(self.offsets[document]), length=stop - begin))
        return found

    def rows_of(self, document: int) -> range:
        """Rows that touch a document; none if it lies in the tail."""
        begin, end = int(self.offsets[document]), int(self.offsets[document + 1])
        first = max(0, -(-(begin - self.context_length) // self.context_length))
        return range(first, min(self.num_rows, (end - 1) // self.context_length + 1))
