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
        first, last = max(0, start), max(0, min(len(held), end))  # a span may lie wholly before the text
        held[first:last] = MASK * max(0, last - first)
    # A span that cuts a character leaves half of it behind; half a character is nobody's name.
    return held.decode("utf-8", errors="replace")


def masked_part(whole: str, part: str, spans: Iterable[tuple[int, int]]) -> str | None:
    """A part of a text with the spans of the whole text hidden in it, as it looks at any place where it stands; None where it stands nowhere.

    >>> masked_part("Ask Zoë Kim. Ask twice.", "Kim. Ask", [(4, 12)])
    '***. Ask'
    """
    held, sought, hidden = whole.encode(), part.encode(), list(spans)
    at = held.find(sought)
    if at < 0:
        return None
    moved: list[tuple[int, int]] = []
    while at >= 0:
        moved += [(start - at, end - at) for start, end in hidden]
        at = held.find(sought, at + 1)
    return masked(part, moved)


def masked_column(text: pa.Array, starts: pa.Array, ends: pa.Array) -> pa.Array:
    """``masked`` over columns: text, list of starts, list of ends; a null list hides nothing, a null text stays null."""
    rows = zip(text.to_pylist(), starts.to_pylist(), ends.to_pylist(), strict=True)
    return pa.array([None if t is None else masked(t, zip(s or (), e or (), strict=True)) for t, s, e in rows], pa.string())


def masked_part_column(whole: pa.Array, part: pa.Array, starts: pa.Array, ends: pa.Array) -> pa.Array:
    """``masked_part`` over columns, in the same way; without the whole text, the part is not shown."""
    rows = zip(whole.to_pylist(), part.to_pylist(), starts.to_pylist(), ends.to_pylist(), strict=True)
    told = (None if w is None or p is None else masked_part(w, p, list(zip(s or (), e or (), strict=True))) for w, p, s, e in rows)
    return pa.array(list(told), pa.string())
