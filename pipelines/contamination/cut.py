"""What is left of a text when contaminated runs are cut out (Brown et al. 2020, appendix C).

Around each run 200 characters go on either side; pieces of under 200 characters that cuts leave over go too; a text with more than 10 cuts
goes whole.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW_CHARACTERS: Final = 200
MIN_PIECE_CHARACTERS: Final = 200
MAX_CUTS: Final = 10
SEPARATOR: Final = b"\n\n"  # between pieces that were apart, so that no sentence is made of two

Span = tuple[int, int]


def cuts(
    text: str, runs: Sequence[Span], *, window: int = WINDOW_CHARACTERS, min_piece: int = MIN_PIECE_CHARACTERS, max_cuts: int = MAX_CUTS
) -> list[Span] | None:
    """Byte spans to take out of a text, sorted and apart, on borders of characters; None where the text goes whole.

    ``runs`` are byte spans of contaminated text in any order. Runs whose windows touch are one cut.
    """
    if not runs:
        return []
    places = CharacterPlaces(text)
    wide = _joined(sorted((max(0, places.character(a) - window), min(len(text), places.character(b) + window)) for a, b in runs))
    if len(wide) > max_cuts:
        return None
    spans: list[Span] = []
    left = 0
    for start, end in [*wide, (len(text), len(text))]:
        if start - left < min_piece:  # the piece before this cut is too short to stay
            spans.append((left, end))
        else:
            spans.append((start, end))
        left = end
    whole = [(a, b) for a, b in _joined(spans) if a < b]
    if whole == [(0, len(text))]:
        return None
    return [(places.byte(a), places.byte(b)) for a, b in whole]


class CharacterPlaces:
    """Byte offsets of a text's characters, and back."""

    def __init__(self, text: str) -> None:
        """An ASCII text needs no table."""
        self._bytes: list[int] | None = None
        if not text.isascii():
            self._bytes = [0]
            for character in text:
                self._bytes.append(self._bytes[-1] + len(character.encode()))

    def byte(self, character: int) -> int:
        """Byte offset of a character."""
        return character if self._bytes is None else self._bytes[character]

    def character(self, byte: int) -> int:
        """Character that begins at a byte offset."""
        return byte if self._bytes is None else bisect_left(self._bytes, byte)


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
