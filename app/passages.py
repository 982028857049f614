"""A passage of a text with a span marked: three plain pieces, cut at bytes and never inside a character."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What stands before a span, the span, and what stands after it; joined they are a piece of the text."""

    before: str
    match: str
    after: str


def passage(text: str, start: int, end: int, around: int = 400) -> Passage:
    """The bytes ``start`` to ``end`` of a text with at most ``around`` characters on either side; bounds outside the text are moved to its ends.

    >>> passage("the river Aare runs", 4, 9)
    Passage(before='the ', match='river', after=' Aare runs')
    """
    held = text.encode()
    first = _boundary(held, max(0, min(start, len(held))))
    last = _boundary(held, max(first, min(end, len(held))))
    before, after = held[:first].decode(), held[last:].decode()
    return Passage(
        before=before if len(before) <= around else f"… {before[-around:]}",
        match=held[first:last].decode(),
        after=after if len(after) <= around else f"{after[:around]} …",
    )


def _boundary(held: bytes, at: int) -> int:
    """The next place at which a character begins."""
    while at < len(held) and held[at] & 0xC0 == 0x80:  # noqa: PLR2004 - 10xxxxxx continues a character
        at += 1
    return at
