"""What says that personal data may stand at a byte, and how far its characters go: the parts of the scan in ``windows``.

Each takes the bytes of all texts, where in them this text begins (``base``) or ends (``end``), and the place of the telling byte.
"""

# Kernels get arrays, not objects, and UTF-8 is made of numbers that have no other name.
# ruff: noqa: C901, PLR0911, PLR0912, PLR0917, PLR2004

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.detectors.characters import ALPHANUMERIC, BLANK, DIGIT, ENDS_AUTHORITY, ENDS_EMAIL, PHONE_PUNCTUATION
from pipelines.text.characters import character
from pipelines.text.compile import kernel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]

_CARD_DIGITS: Final = 13
_IBAN_CHARACTERS: Final = 8  # after the country's letters and the check digits
_LONGEST_HOUSE_NUMBER: Final = 6
_DECIMALS: Final = 4  # of a degree: 11 m; with fewer it is a town
_BETWEEN_DEGREES: Final = 24  # characters between two coordinates: ", ", or a name and marks

_AT, _SPACE, _HYPHEN, _STOP, _SLASH, _COLON, _NEWLINE, _PERCENT, _COMMA = (ord(c) for c in "@ -./:\n%,")
_DEGREE: Final = 0xB0


def _three(*words: str) -> tuple[int, ...]:
    """Three letters as one number each."""
    return tuple(int.from_bytes(word.encode()[-3:], "big") for word in words)


# What a street's name begins with where it is written small, and what it ends with before its number.
_BEGINS_STREET: Final = _three("rue", "ave", "av.", "bou", "bd ", "che", "pla", "all", "imp", "qua", "cou", "rou", "via", "cal", "pia", "cor")
_ENDS_STREET: Final = _three("a\u00dfe", "sse", "tr.", "weg", "atz", "lee", "ing", "aat", "aan", "tan", "tie", "ien")


@kernel
def before(data: Bytes, i: int, base: int) -> int:
    """Where the character before a byte begins; ``i`` is not the text's first."""
    i -= 1
    while i > base and data[i] & 0xC0 == 0x80:
        i -= 1
    return i


@kernel
def after(data: Bytes, i: int, end: int) -> int:
    """The byte after the character at ``i``, which may be the text's end."""
    i += 1
    while i < end and data[i] & 0xC0 == 0x80:
        i += 1
    return i


@kernel
def ip_anchor(data: Bytes, facts: Bytes, i: int, end: int) -> int:
    r"""The end of ``\d\.\d{1,3}\.\d`` or of ``:[0-9A-Fa-f]{0,4}:`` that begins at a byte; -1 where none does."""
    if data[i] == _COLON:
        for k in range(i + 1, min(i + 6, end)):
            if data[k] == _COLON:
                return k + 1
            if not (48 <= data[k] <= 57 or 65 <= data[k] <= 70 or 97 <= data[k] <= 102):
                return -1
        return -1
    i = after(data, i, end)
    if i >= end or data[i] != _STOP:
        return -1
    i += 1
    for digits in range(4):
        if i >= end:
            return -1
        code, length = character(data, i, end)
        i += length
        if code == _STOP and digits:
            break
        if digits == 3 or not facts[code] & DIGIT:
            return -1
    if i >= end:
        return -1
    code, length = character(data, i, end)
    return i + length if facts[code] & DIGIT else -1


@kernel
def card(data: Bytes, facts: Bytes, i: int, end: int) -> tuple[int, bool]:
    """The end of a run of digits, blanks and hyphens, and whether it has the digits of a card."""
    digits = 0
    while i < end:
        code, length = character(data, i, end)
        if facts[code] & DIGIT:
            digits += 1
        elif code not in (_SPACE, _HYPHEN):
            break
        i += length
    return i, digits >= _CARD_DIGITS


@kernel
def ssn(data: Bytes, facts: Bytes, i: int, end: int) -> tuple[int, bool]:
    """The end of a run of digits, blanks, hyphens and full stops, and whether nine digits stand in it as 9, 5-4, 3-6 or 3-2-4."""
    met = False
    first, second, third, apart, between = 0, 0, 0, 0, 0  # digits of the last three groups; characters between second and third, first and second
    while i < end:
        code, length = character(data, i, end)
        if facts[code] & DIGIT:
            third += 1
        else:
            if third:
                pairs = (second == 5 and third == 4) or (second == 3 and third == 6)
                met |= third == 9 or (apart == 1 and (pairs or (between == 1 and first == 3 and second == 2 and third == 4)))
                first, second, third, between, apart = second, third, 0, apart, 0
            if code not in (_SPACE, _HYPHEN, _STOP):
                return i, met
            apart += 1
        i += length
    pairs = (second == 5 and third == 4) or (second == 3 and third == 6)
    return i, met or third == 9 or (apart == 1 and (pairs or (between == 1 and first == 3 and second == 2 and third == 4)))


@kernel
def iban(data: Bytes, base: int, i: int, end: int) -> tuple[int, bool]:
    """The end of a run of capitals, digits, blanks and hyphens, and whether it is long enough, if the byte is the first digit of an IBAN's head."""
    if i - 2 < base or i + 1 >= end or not (65 <= data[i - 1] <= 90 and 65 <= data[i - 2] <= 90 and 48 <= data[i + 1] <= 57):
        return -1, False
    if i - 3 >= base and (65 <= data[i - 3] <= 90 or 48 <= data[i - 3] <= 57):
        return -1, False
    characters = 0
    i += 2
    while i < end:
        if 65 <= data[i] <= 90 or 48 <= data[i] <= 57:
            characters += 1
        elif data[i] != _SPACE and data[i] != _HYPHEN:
            break
        i += 1
    return i, characters >= _IBAN_CHARACTERS


@kernel
def authority(data: Bytes, facts: Bytes, i: int, end: int) -> int:
    """The byte after the last ``@`` of what follows ``://``; -1 where ``://`` does not stand, or nothing with an ``@`` follows."""
    if i + 2 >= end or data[i + 1] != _SLASH or data[i + 2] != _SLASH:
        return -1
    found = -1
    i += 3
    while i < end:
        code, length = character(data, i, end)
        if facts[code] & ENDS_AUTHORITY:
            break
        i += length
        if code == _AT:
            found = i
    return found


@kernel
def phone_gap(data: Bytes, facts: Bytes, i: int, end: int) -> tuple[bool, bool]:
    """Whether what stands between two digits has no line break, and whether it is what a number has between two."""
    characters, punctuation = 0, 0
    while i < end:
        code, length = character(data, i, end)
        if code == _NEWLINE:
            return False, False
        punctuation += (facts[code] & PHONE_PUNCTUATION) != 0
        characters += 1
        i += length
    return True, characters == punctuation and characters <= 4


@kernel
def may_hold_email(data: Bytes, facts: Bytes, base: int, at: int, high: int) -> bool:
    """Whether something can stand before this ``@`` or a later one, and a full stop after it."""
    begun = at > base and not facts[character(data, before(data, at, base), high)[0]] & ENDS_EMAIL
    dotted = False
    for i in range(at + 1, high):
        dotted |= data[i] == _STOP
        begun |= data[i] == _AT
    return begun and dotted


@kernel
def may_hold_ip(data: Bytes, low: int, high: int) -> bool:
    """Whether there are two colons side by side, or seven, or three full stops between digits: each form of an address has one of them."""
    colons, stops = 0, 0
    for i in range(low, high):
        if data[i] == _COLON:
            colons += 1
            if i + 1 < high and data[i + 1] == _COLON:
                return True
        elif data[i] == _STOP and i > low and i + 1 < high and 48 <= data[i - 1] <= 57 and 48 <= data[i + 1] <= 57:
            stops += 1
    return colons >= 7 or stops >= 3


@kernel
def is_hexadecimal(data: Bytes, low: int, high: int) -> bool:
    """Whether all bytes are digits of base 16."""
    found = True
    for i in range(low, high):
        found &= 48 <= data[i] <= 57 or 65 <= data[i] <= 70 or 97 <= data[i] <= 102
    return found


@kernel
def hex_groups(data: Bytes, base: int, i: int, end: int) -> tuple[int, int]:
    """Where the groups begin and end of which a byte is the first mark: six of two, three of four, or 8-4-4-4-12; an end of -1 where none are.

    They are the forms of a device's address, with colons or hyphens or with full stops, and of a UUID.
    """
    mark = data[i]
    if mark == _STOP:
        low, high = i - 4, i + 10
        if low < base or high > end or data[i + 5] != mark or not is_hexadecimal(data, low, i):
            return low, -1
        return low, high if is_hexadecimal(data, i + 1, i + 5) and is_hexadecimal(data, i + 6, high) else -1
    low, high = i - 2, i + 15
    if low >= base and high <= end and data[i + 3] == mark and data[i + 6] == mark and data[i + 9] == mark and data[i + 12] == mark:
        found = is_hexadecimal(data, low, i)
        for k in range(i + 1, high, 3):
            found &= is_hexadecimal(data, k, k + 2)
        if found:
            return low, high
    low, high = i - 8, i + 28
    if mark == _HYPHEN and low >= base and high <= end and data[i + 5] == mark and data[i + 10] == mark and data[i + 15] == mark:
        found = is_hexadecimal(data, low, i) and is_hexadecimal(data, i + 16, high)
        if found and is_hexadecimal(data, i + 1, i + 5) and is_hexadecimal(data, i + 6, i + 10) and is_hexadecimal(data, i + 11, i + 15):
            return low, high
    return low, -1


@kernel
def word(data: Bytes, facts: Bytes, floor: int, i: int, end: int) -> tuple[int, int, int, int, bool]:
    """The run of letters and digits around a digit: first byte, byte after the last, characters before the digit, in all, whether it has letters."""
    low, grown, lettered = i, 0, False
    while low > floor:
        earlier = before(data, low, floor)
        code = character(data, earlier, end)[0]
        if not facts[code] & ALPHANUMERIC:
            break
        lettered |= not facts[code] & DIGIT
        low = earlier
        grown += 1
    length = grown
    while i < end:
        code, width = character(data, i, end)
        if not facts[code] & ALPHANUMERIC:
            break
        lettered |= not facts[code] & DIGIT
        i += width
        length += 1
    return low, i, grown, length, lettered


@kernel
def reach(data: Bytes, facts: Bytes, base: int, end: int, low: int, high: int, steps: int) -> tuple[int, int, int]:
    r"""A stretch grown by some characters on both sides, a run of blanks counted as one: first byte, byte after the last, growth to the left.

    A pattern's ``\s*`` may take any number of blanks.
    """
    grown, left, in_blanks = 0, steps, False
    while low > base:
        earlier = before(data, low, base)
        is_blank = (facts[character(data, earlier, end)[0]] & BLANK) != 0
        if not (is_blank and in_blanks):
            if left == 0:
                break
            left -= 1
        in_blanks = is_blank
        low = earlier
        grown += 1
    left, in_blanks = steps, False
    while high < end:
        code, width = character(data, high, end)
        is_blank = (facts[code] & BLANK) != 0
        if not (is_blank and in_blanks):
            if left == 0:
                break
            left -= 1
        in_blanks = is_blank
        high += width
    return low, high, grown


@kernel
def at_in_other_words(data: Bytes, i: int, end: int) -> bool:
    """Whether ``%40``, or "at" between brackets, begins at a byte."""
    if data[i] == _PERCENT:
        return i + 2 < end and data[i + 1] == 52 and data[i + 2] == 48
    i += 1
    if i < end and data[i] == _SPACE:
        i += 1
    if i + 2 >= end or data[i] | 32 != 97 or data[i + 1] | 32 != 116:
        return False
    i += 2
    if data[i] == _SPACE:
        i += 1
    return i < end and (data[i] == 41 or data[i] == 93 or data[i] == 125)


@kernel
def _decimals(data: Bytes, i: int, end: int) -> int:
    """The end of four digits or more behind a full stop; -1 where there are fewer."""
    start = i
    while i < end and 48 <= data[i] <= 57 and i - start < 20:
        i += 1
    return i if i - start >= _DECIMALS else -1


@kernel
def degrees(data: Bytes, base: int, i: int, end: int) -> bool:
    """Whether a byte is the decimal point of a number with four decimals that another one follows, or the colon of ``geo:``."""
    if data[i] == _COLON:
        return i - 3 >= base and data[i - 3] | 32 == 103 and data[i - 2] | 32 == 101 and data[i - 1] | 32 == 111
    if i == base or not 48 <= data[i - 1] <= 57:
        return False
    i = _decimals(data, i + 1, end)
    if i < 0:
        return False
    stop = min(end, i + _BETWEEN_DEGREES)
    while i < stop and not 48 <= data[i] <= 57:
        i += 1
    digits = 0
    while i < end and 48 <= data[i] <= 57 and digits < 4:
        i += 1
        digits += 1
    return 1 <= digits <= 3 and i < end and data[i] == _STOP and _decimals(data, i + 1, end) >= 0


@kernel
def digit_after_degree(data: Bytes, i: int, end: int) -> bool:
    """Whether a digit comes after a degree sign, at once or after one blank."""
    if i < end and data[i] == _SPACE:
        i += 1
    return i < end and 48 <= data[i] <= 57


@kernel
def three(data: Bytes, i: int) -> int:
    """Three bytes as one number."""
    return int(data[i]) << 16 | int(data[i + 1]) << 8 | int(data[i + 2])


@kernel
def house_number(data: Bytes, base: int, i: int, end: int) -> bool:
    """Whether a run of at most six digits begins here that has a word with a capital, or a street's, before or behind it."""
    first = i
    if i > base and 48 <= data[i - 1] <= 57:
        return False
    while i < end and 48 <= data[i] <= 57:
        i += 1
    if i - first > _LONGEST_HOUSE_NUMBER:
        return False
    if first > base and (data[first - 1] == _SPACE or data[first - 1] == _COMMA):
        k = first - 1
        if k > base and data[k - 1] == _COMMA:
            k -= 1
        if k - 3 >= base and three(data, k - 3) in _ENDS_STREET:
            return True
        floor = max(base, k - 24)
        while k > floor and data[k - 1] > 64 and data[k - 1] not in (91, 93):
            k -= 1
        if 65 <= data[k] <= 90 or data[k] >= 0xC3:
            return True
    if i < end and (65 <= data[i] <= 90 or 97 <= data[i] <= 122):
        i += 1
    if i < end and data[i] == _COMMA:
        i += 1
    if i >= end or not (data[i] == _SPACE or data[i] == _NEWLINE):
        return False
    while i < end and (data[i] == _SPACE or data[i] == _NEWLINE):
        i += 1
    if i + 3 > end:
        return False
    if 65 <= data[i] <= 90 or data[i] >= 0xC3:
        return True
    return three(data, i) in _BEGINS_STREET
