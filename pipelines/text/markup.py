"""Compiled kernels for what is written with several characters and is read as one: entities, tags, hyphens at the ends of lines, Hangul in letters.

Tags are told from other uses of ``<`` by their form, not by a grammar: a name, then attributes if there are any, one of them with an equals sign;
no other ``<`` inside. So ``a < b and c > d`` has none. A quoted value or a comment of eight words or more is text that somebody reads: what holds it
stays as it is, and benchmark items in it are met. Work is linear: what is looked through in vain ends before the next ``<`` or ``&``.
"""

# Kernels get arrays, not objects, and syntax is made of numbers that have no other name.
# ruff: noqa: PLR0917, PLR2004, PLR1714, FBT001

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.characters import character
from pipelines.text.compile import inlined, kernel
from pipelines.text.hashing import FNV_BASIS, FNV_PRIME
from pipelines.text.word_forms import KEPT

if TYPE_CHECKING:
    from pipelines.text.word_forms import Bytes, Int64, Tables, Uint64

    Read = tuple[np.int64, int]

MOST_MARKS: Final = 30  # over one letter that are put in order (Unicode Standard Annex 15, section 13)
_TEXT_WORDS: Final = 8  # as many as an item needs to be looked for
_LONGEST_NAME: Final = 32
_REPLACEMENT: Final = 0xFFFD
_BLANK: Final = 0x20
_BETWEEN: Final = 0x2D  # nothing in joined texts, the end of a word in parted ones
# What the references 128 to 159 stand for: windows-1252 where it has a character (HTML Standard, numeric character reference end state).
_WINDOWS: Final = tuple(ord(bytes([byte]).decode("cp1252", "replace")) for byte in range(0x80, 0xA0))


@kernel
def looked(data: Bytes, place: int, end: int, point: np.int64, width: int, is_after_kept: bool, tables: Tables) -> Read:
    """What stands at a place and how many bytes it takes, where its first character leaves that open."""
    if point == 0x26:
        return _entity(data, place, end, tables)
    if point == 0x3C:
        return _tag(data, place, end, tables)
    if point >= 0x1100 and point != 0x2010:
        return _syllable(data, place, end, point, width)
    return _hyphen(data, place, end, point, width, is_after_kept, tables)


@inlined
def opens(data: Bytes, after: int, end: int, point: np.int64) -> bool:
    """Whether the byte after a character leaves open what it is; mostly it does not, and nothing is called."""
    byte = int(data[np.uint64(after)]) if after < end else _BLANK
    if point == 0x3C:
        return _is_letter(byte) or byte == 0x2F or byte == 0x21 or byte == 0x3F
    if point == 0x26:
        return _is_letter(byte) or byte == 0x23
    return byte >= 0x80 if point >= 0x1100 and point != 0x2010 else _is_blank(byte)


@inlined
def _byte(data: Bytes, at: int, end: int) -> int:
    """A byte, or 0 behind the text."""
    return int(data[at]) if at < end else 0


@inlined
def _is_letter(byte: int) -> bool:
    return 0x61 <= byte | 0x20 <= 0x7A


@inlined
def _is_digit(byte: int) -> bool:
    return 0x30 <= byte <= 0x39


@inlined
def _is_blank(byte: int) -> bool:
    return byte == _BLANK or 0x09 <= byte <= 0x0D


@inlined
def hold(marks: Int64, num_marks: int, mark: np.int64, classes: Bytes) -> int:
    """Puts a mark behind those of its class and lower ones (Unicode Standard Annex 15, canonical ordering); returns how many there are."""
    at = num_marks
    while at > 0 and classes[marks[at - 1]] > classes[mark]:
        marks[at] = marks[at - 1]
        at -= 1
    marks[at] = mark
    return num_marks + 1


@inlined
def _found(names: Uint64, name: np.uint64) -> int:
    """Place of a name in ascending hashes, or -1."""
    low, high = 0, names.size
    while low < high:
        middle = (low + high) >> 1
        if names[middle] < name:
            low = middle + 1
        else:
            high = middle
    return low if low < names.size and names[low] == name else -1


@kernel
def _entity(data: Bytes, place: int, end: int, tables: Tables) -> Read:
    """A named or numeric entity, its ampersand escaped any number of times; else an ampersand."""
    at = place + 1
    while at + 4 <= end and data[at] == 0x61 and data[at + 1] == 0x6D and data[at + 2] == 0x70 and data[at + 3] == 0x3B:
        at += 4
    point, width = _number(data, at + 1, end) if _byte(data, at, end) == 0x23 else _name(data, at, end, tables)
    return (point, at + width - place) if width else (np.int64(0x26), at - place)


@kernel
def _number(data: Bytes, at: int, end: int) -> Read:
    """What stands behind ``&#``: the character, and bytes with the number sign's; 0 where it is no number."""
    start, value, base = at, np.int64(0), 10
    if _byte(data, at, end) | 0x20 == 0x78:
        at, base = at + 1, 16
    first = at
    while at < end:
        byte = int(data[at])
        if _is_digit(byte):
            digit = byte - 0x30
        elif base == 16 and 0x61 <= byte | 0x20 <= 0x66:
            digit = (byte | 0x20) - 0x57
        else:
            break
        value = min(value * base + digit, np.int64(0x110000))
        at += 1
    if at == first:
        return np.int64(0), 0
    if _byte(data, at, end) == 0x3B:
        at += 1
    if 0x80 <= value < 0xA0:
        value = np.int64(_WINDOWS[value - 0x80])
    elif value == 0 or value == 0x0B or value >= 0x110000 or 0xD800 <= value < 0xE000 or 0xFDD0 <= value < 0xFDF0 or value & 0xFFFE == 0xFFFE:
        value = np.int64(_REPLACEMENT)
    return value, at - start + 1


@kernel
def _name(data: Bytes, at: int, end: int, tables: Tables) -> Read:
    """What stands behind ``&``: the character that it names, and bytes; 0 where it names none.

    Names that old pages wrote without a semicolon need none where neither a letter, a digit nor ``=`` follows, as inside of attributes.
    """
    start, h = at, FNV_BASIS
    while at < end and at - start < _LONGEST_NAME and (_is_letter(int(data[at])) or _is_digit(int(data[at]))):
        h = (h ^ np.uint64(data[at])) * FNV_PRIME
        at += 1
    last = _byte(data, at, end)
    place = _found(tables.entities, h) if at > start else -1
    if place < 0 or _is_letter(last) or _is_digit(last):
        return np.int64(0), 0
    point = tables.entity_points[place]
    if last == 0x3B:
        return (point if point >= 0 else -1 - point), at + 1 - start
    if point < 0 and last != 0x3D:
        return -1 - point, at - start
    return np.int64(0), 0


@kernel
def _tag(data: Bytes, place: int, end: int, tables: Tables) -> Read:
    """A tag, a declaration or a comment: a blank, or as good as a hyphen where its element stands inside of lines; else the sign ``<``."""
    at = place + 1
    is_end, is_other = _byte(data, at, end) == 0x2F, _byte(data, at, end) == 0x21 or _byte(data, at, end) == 0x3F
    if is_end or is_other:
        at += 1
    if is_other and _byte(data, at, end) == 0x2D and _byte(data, at + 1, end) == 0x2D:
        at = _comment_end(data, at + 2, end)
        return (np.int64(_BLANK), at - place) if at else (np.int64(0x3C), 1)
    start, h = at, FNV_BASIS
    while at < end and at - start < _LONGEST_NAME:
        byte = int(data[at])
        if not _is_letter(byte) and (at == start or not (_is_digit(byte) or byte == 0x2D or byte == 0x3A or byte == 0x5F)):
            break
        h = (h ^ np.uint64(byte | 0x20 if _is_letter(byte) else byte)) * FNV_PRIME
        at += 1
    at = _tag_end(data, at, end, is_end, is_other) if at > start else 0
    if not at:
        return np.int64(0x3C), 1
    return np.int64(_BETWEEN if _found(tables.inline, h) >= 0 and not is_other else _BLANK), at - place


@kernel
def _comment_end(data: Bytes, at: int, end: int) -> int:
    """Place behind ``-->``; 0 where it does not come within eight words, or another ``<`` comes before it."""
    num_words, was_blank = 0, True
    while at < end and data[at] != 0x3C:
        if data[at] == 0x3E and data[at - 1] == 0x2D and data[at - 2] == 0x2D:
            return at + 1
        is_blank = _is_blank(int(data[at]))
        num_words += was_blank and not is_blank
        was_blank = is_blank
        if num_words > _TEXT_WORDS:  # the last one may be the end itself
            return 0
        at += 1
    return 0


@kernel
def _tag_end(data: Bytes, at: int, end: int, is_end: bool, is_other: bool) -> int:  # noqa: C901 - one pass, one state machine
    """Place behind a tag's ``>`` from behind its name on; 0 where what follows the name is no tag's."""
    has_value, quote, num_words, was_blank = is_other, 0, 0, True
    first = _byte(data, at, end)
    if first == 0x2F and _byte(data, at + 1, end) == 0x3E:
        return at + 2
    if first != 0x3E and not _is_blank(first):
        return 0
    only_blanks, before = True, 0
    while at < end and data[at] != 0x3C:
        byte = int(data[at])
        is_blank = _is_blank(byte)
        if quote:
            if byte == quote:
                quote = 0
            elif was_blank and not is_blank:
                num_words += 1
                if num_words == _TEXT_WORDS:
                    return 0
        elif byte == 0x3E:
            return at + 1 if only_blanks or (has_value and not is_end) else 0
        elif byte == 0x3D:
            has_value = True
        elif (byte == 0x22 or byte == 0x27) and before == 0x3D:
            quote, num_words, is_blank = byte, 0, True
        only_blanks = only_blanks and (is_blank or (byte == 0x2F and _byte(data, at + 1, end) == 0x3E))
        if not is_blank:
            before = byte
        was_blank = is_blank
        at += 1
    return 0


@kernel
def _hyphen(data: Bytes, place: int, end: int, point: np.int64, width: int, is_after_kept: bool, tables: Tables) -> Read:
    """A hyphen with the line's end and the blanks behind it, where parts of words stand on both sides; else the hyphen."""
    at, num_ends = place + width, 0
    while at < end and _is_blank(int(data[at])):
        num_ends += data[at] == 0x0A
        at += 1
    if not is_after_kept or num_ends != 1 or at >= end:
        return point, width
    found, _ = character(data, at, end)
    if not tables.kinds[found] & KEPT:
        return point, width
    return np.int64(_BETWEEN), at - place


@kernel
def _syllable(data: Bytes, place: int, end: int, point: np.int64, width: int) -> Read:
    """A syllable of Hangul that is written in letters (Unicode Standard, section 3.12), or as far as it goes."""
    if point < 0x1113:
        vowel, more = character(data, place + width, end) if place + width < end else (np.int32(0), 0)
        if not 0x1161 <= vowel < 0x1176:
            return point, width
        point, width = np.int64(0xAC00 + ((point - 0x1100) * 21 + (vowel - 0x1161)) * 28), width + more
    tail, more = character(data, place + width, end) if place + width < end else (np.int32(0), 0)
    if 0x11A8 <= tail < 0x11C3:
        return point + (tail - 0x11A7), width + more
    return point, width
