"""Text with some of its bytes hidden, at the same length, so that spans into the text stay true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK: Final = b"*"


def masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with an asterisk in place of every byte of the spans; spans may overlap and may reach past the end.

    >>> masked("Ask Zoë Kim.", [(4, 12)])
    'Ask ********.'
    """
    held = bytearray(text.encode())
    for start, end in spans:
        first, last = max(0, start), min(len(held), end)
        held[first:last] = MASK * max(0, last - first)
    # A span that cuts a character leaves half of it behind; half a character is nobody's name.
    return held.decode("utf-8", errors="replace")


def masked_column(text: pa.Array, starts: pa.Array, ends: pa.Array) -> pa.Array:
    """``masked`` over columns: text, list of starts, list of ends; a null list hides nothing, a null text stays null."""
    rows = zip(text.to_pylist(), starts.to_pylist(), ends.to_pylist(), strict=True)
    return pa.array([None if t is None else masked(t, zip(s or (), e or (), strict=True)) for t, s, e in rows], pa.string())
