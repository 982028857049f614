"""Classes of characters as arrays over code points, for compiled kernels that read UTF-8."""

# UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR2004

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.compile import inlined

if TYPE_CHECKING:
    import numpy.typing as npt

    Bool = npt.NDArray[np.bool_]
    Bytes = npt.NDArray[np.uint8]

LAST: Final = sys.maxunicode
LETTER: Final = 1
# Of the others no character is more than one for private use, a selector or unassigned: they are looked at in one glance.
_PLANES: Final = ((0, 0x3FFFF), (0xE0000, 0xE0FFF))


@cache
def _all() -> str:
    return "".join(chr(point) for low, high in _PLANES for point in range(low, high + 1))


@cache
def letters() -> Bool:
    """Whether each code point is a letter (``str.isalpha``): bool[LAST + 1]."""
    return _spread(np.fromiter(map(str.isalpha, _all()), np.bool_, len(_all())))


@cache
def in_category(group: str) -> Bool:
    """Whether each code point is in a category, or a group of them by its letter: bool[LAST + 1]."""
    return _spread(np.fromiter((unicodedata.category(c).startswith(group) for c in _all()), np.bool_, len(_all())))


def points_of(members: str) -> Bool:
    """Which code points a class of a regular expression holds, given without its brackets: bool[LAST + 1]."""
    found = np.zeros(len(_all()), np.bool_)
    for run in re.finditer(f"[{members}]+", _all()):
        found[run.start() : run.end()] = True
    return _spread(found)


def _spread(found: Bool) -> Bool:
    whole = np.zeros(LAST + 1, np.bool_)
    at = 0
    for low, high in _PLANES:
        whole[low : high + 1] = found[at : at + high + 1 - low]
        at += high + 1 - low
    return whole


@inlined
def character(data: Bytes, place: int, end: int) -> tuple[np.int32, int]:
    """Code point of the character at a place, and its length. Bytes that are no UTF-8 give some code point, never a read past ``end``."""
    head = np.int32(data[place])
    width = 1 if head < 0xC0 else 2 if head < 0xE0 else 3 if head < 0xF0 else 4
    if width == 1 or place + width > end:
        return head, 1
    point = head & np.int32(0x7F >> width)
    for i in range(1, width):
        point = np.int32(point << 6 | np.int32(data[place + i]) & 0x3F)
    return min(point, np.int32(0x10FFFF)), width
