"""Which characters can keep a text from being in a normal form of Unicode, from this Python's own data (Unicode Standard Annex 15, section 9)."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from pipelines.text.screening import NUM_POINTS

if TYPE_CHECKING:
    import numpy.typing as npt

_SURROGATES: Final = range(0xD800, 0xE000)
_HANGUL_VOWELS: Final = range(0x1161, 0x1176)  # compose with the consonant before them, by rule and not by table
_HANGUL_ENDS: Final = range(0x11A8, 0x11C3)


@cache
def unstable(form: Literal["NFC", "NFKC"]) -> frozenset[int]:
    """Code points whose quick check is not "yes": they change, or they may compose with what stands before them."""
    points = [point for point in range(1, NUM_POINTS) if point not in _SURROGATES]
    together = "\0".join(map(chr, points))  # nothing composes with a NUL
    changed = {point for point, new in zip(points, unicodedata.normalize(form, together).split("\0"), strict=True) if new != chr(point)}
    decomposed = unicodedata.normalize("NFD", together).split("\0")
    composing = {ord(part) for parts in decomposed for part in parts[1:]}
    return frozenset(changed | composing | {*_HANGUL_VOWELS, *_HANGUL_ENDS})


@cache
def combining_classes() -> npt.NDArray[np.uint8]:
    """The canonical combining class of each code point; marks of higher classes come after those of lower ones."""
    return np.array([unicodedata.combining(chr(point)) for point in range(NUM_POINTS)], np.uint8)
