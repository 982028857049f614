"""What spaCy's rules for English take off a chunk or cut it at: prefixes, suffixes, infixes, and addresses, which stay whole.

A chunk comes as code points with their classes; places are in characters. ``pipelines.text.english`` makes the classes and puts the rules together.
"""

# Kernels get arrays, not objects, and the rules are made of numbers and characters that have no other name.
# ruff: noqa: PLR2004, PLR0911, PLR0912, C901

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.compile import inlined, kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    Int32 = npt.NDArray[np.int32]
    Uint16 = npt.NDArray[np.uint16]

# What a character does, in bits beside LETTER.
ALPHA: Final = 1 << 1  # what spaCy calls a letter, and those in lower and in upper case; letters without case are both
LOWER: Final = 1 << 2
UPPER: Final = 1 << 3
PREFIX: Final = 1 << 4  # taken off wherever it begins what is left
SUFFIX: Final = 1 << 5  # and wherever it ends it
INFIX: Final = 1 << 6  # cuts wherever it stands
QUOTE: Final = 1 << 7
BEFORE_PERIOD: Final = 1 << 8  # after it one period is taken off
CURRENCY: Final = 1 << 9  # taken off after a digit
MAY_CUT: Final = 1 << 10  # an infix may begin with it
MAY_CUT_ASCII: Final = ".,+-*^:<>=/~"  # those of ASCII, beside dashes and what cuts wherever it stands
PERIOD: Final = 1 << 11

# Numbers before compilation: within a kernel ord() is a call.
_HASH: Final = ord("#")
_DOLLAR: Final = ord("$")
_SINGLE_QUOTE: Final = ord("'")
_STAR: Final = ord("*")
_PLUS: Final = ord("+")
_COMMA: Final = ord(",")
_HYPHEN: Final = ord("-")
_PERIOD: Final = ord(".")
_SLASH: Final = ord("/")
_COLON: Final = ord(":")
_LESS: Final = ord("<")
_EQUAL: Final = ord("=")
_GREATER: Final = ord(">")
_QUESTION: Final = ord("?")
_AT: Final = ord("@")
_CAPITAL_A: Final = ord("A")
_CAPITAL_C: Final = ord("C")
_CAPITAL_F: Final = ord("F")
_CAPITAL_K: Final = ord("K")
_CAPITAL_S: Final = ord("S")
_CAPITAL_U: Final = ord("U")
_CARET: Final = ord("^")
_LOW_LINE: Final = ord("_")
_SMALL_C: Final = ord("c")
_SMALL_F: Final = ord("f")
_SMALL_K: Final = ord("k")
_SMALL_S: Final = ord("s")
_TILDE: Final = ord("~")
_ELLIPSIS: Final = 0x2026
_APOSTROPHE: Final = 0x2019
_EN_DASH: Final = 0x2013
_EM_DASH: Final = 0x2014
_DEGREE: Final = 0xB0

UNDECIDED: Final = -1


@inlined
def is_digit(point: np.int32) -> np.bool:
    """Whether a character is a digit of ASCII."""
    return 0x30 <= point <= 0x39


@inlined
def prefix_of(points: Int32, marks: Uint16, low: int, high: int) -> int:
    """Characters of the prefix."""
    point = points[low]
    if marks[low] & PREFIX:
        return 1
    if point == _PLUS:
        return 0 if low + 1 < high and is_digit(points[low + 1]) else 1
    if point == _PERIOD:
        end = low
        while end < high and points[end] == _PERIOD:
            end += 1
        return end - low if end - low > 1 else 0
    if point == _CAPITAL_U:
        return 3 if low + 2 < high and points[low + 1] == _CAPITAL_S and points[low + 2] == _DOLLAR else 0
    if point in (_CAPITAL_C, _CAPITAL_A):
        return 2 if low + 1 < high and points[low + 1] == _DOLLAR else 0
    return 0


@inlined
def suffix_of(points: Int32, marks: Uint16, low: int, high: int) -> int:
    """Characters of the longest suffix but units, which are words and not characters."""
    last = points[high - 1]
    before = points[high - 2] if high - 2 >= low else np.int32(0)
    two_before = points[high - 3] if high - 3 >= low else np.int32(0)
    if last == _PERIOD:
        start = high - 1
        while start > low and points[start - 1] == _PERIOD:
            start -= 1
        if high - start > 1:
            return high - start
        if high - 2 < low:
            return 0
        if marks[high - 2] & BEFORE_PERIOD:
            return 1
        if high - 3 < low:
            return 0
        if marks[high - 2] & UPPER and marks[high - 3] & UPPER:
            return 1
        return 1 if two_before == _DEGREE and before in (_CAPITAL_F, _SMALL_F, _CAPITAL_C, _SMALL_C, _CAPITAL_K, _SMALL_K) else 0
    if last == _ELLIPSIS:
        return 2 if before == _ELLIPSIS else 1
    if last in (_SMALL_S, _CAPITAL_S):
        return 2 if before in (_SINGLE_QUOTE, _APOSTROPHE) else 0
    if marks[high - 1] & SUFFIX:
        return 1
    if last == _PLUS:
        return 1 if is_digit(before) else 0
    if last == _DOLLAR:
        if high - 4 >= low and is_digit(points[high - 4]) and two_before == _CAPITAL_U and before == _CAPITAL_S:
            return 3
        if before in (_CAPITAL_C, _CAPITAL_A) and is_digit(two_before):
            return 2
    return 1 if marks[high - 1] & CURRENCY and is_digit(before) else 0


@kernel
def infix_at(points: Int32, marks: Uint16, low: int, place: int, high: int) -> int:
    """Characters of the infix that begins at a place behind the first."""
    point = points[place]
    if marks[place] & INFIX:
        return 1
    if point == _PERIOD:
        end = place
        while end < high and points[end] == _PERIOD:
            end += 1
        if end - place > 1:
            return end - place
    if place == low or place + 1 >= high:
        return 0
    before, after = marks[place - 1], marks[place + 1]
    if point == _PERIOD:
        return 1 if before & (LOWER | QUOTE) and after & (UPPER | QUOTE) else 0
    if point == _COMMA:
        return 1 if before & ALPHA and after & ALPHA else 0
    if point in (_PLUS, _HYPHEN, _STAR, _CARET) and is_digit(points[place - 1]) and (is_digit(points[place + 1]) or points[place + 1] == _HYPHEN):
        return 1
    if not before & ALPHA and not is_digit(points[place - 1]):
        return 0
    if point in (_COLON, _LESS, _GREATER, _EQUAL, _SLASH):
        return 1 if after & ALPHA else 0
    if point in (_HYPHEN, _EN_DASH, _EM_DASH, _TILDE):
        most = 3 if point == _HYPHEN else 2 if point == _EM_DASH else 1
        for length in range(1, most + 1):
            if place + length >= high or (length > 1 and points[place + length - 1] != point):
                return 0
            if marks[place + length] & ALPHA:
                return length
    return 0


@inlined
def _is_host(point: np.int32) -> np.bool | bool:
    """Part of a name in an address, dashes and low lines aside."""
    return is_digit(point) or 0x41 <= point <= 0x5A or 0x61 <= point <= 0x7A or 0xA1 <= point <= 0xFFFF


@kernel
def is_address(points: Int32, marks: Uint16, low: int, high: int) -> int:
    """Whether characters low to high are an address, which is one word: 1, 0 or UNDECIDED."""
    num_periods = 0
    odd = False
    for i in range(low, high):
        num_periods += points[i] == _PERIOD
        odd |= points[i] == _AT or points[i] > 0xFFFF or (points[i] == _SLASH and i > low and points[i - 1] == _SLASH)
    if num_periods == 0:
        return 0
    if odd:
        return UNDECIDED
    start = place = low
    labels = 0
    numeric: bool | np.bool = True
    while True:
        start = place
        while place < high and (_is_host(points[place]) or points[place] in (_HYPHEN, _LOW_LINE)):
            numeric = numeric and is_digit(points[place])
            place += 1
        if place == high or points[place] != _PERIOD:
            break
        if start == place or place - start > 64 or not _is_host(points[start]) or not _is_host(points[place - 1]):
            return 0
        labels += 1
        place += 1
    if numeric and labels == 3:
        return UNDECIDED
    if labels == 0 or not 2 <= place - start <= 63:
        return 0
    for i in range(start, place):
        if not marks[i] & LOWER:
            return 0
    if place < high and points[place] == _COLON:
        first = place + 1
        place = first
        while place < high and is_digit(points[place]):
            place += 1
        if place < high and points[place] >= 0x80:
            return UNDECIDED  # digits of other scripts
        if not 2 <= place - first <= 5:
            return 0
    return 1 if place == high or points[place] in (_SLASH, _QUESTION, _HASH) else 0
