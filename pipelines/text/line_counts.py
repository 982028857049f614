r"""What families count of the lines of a text, in one compiled pass over the UTF-8 bytes of a batch.

Published definitions cut lines in three ways. ``str.splitlines`` knows eleven line breaks; Gopher's repetition cuts at runs of ``\n`` (*pieces* here)
and paragraphs at two or more of them; FineWeb cuts at each ``\n`` and leaves blank lines out (*filled lines* here).
"""

# Kernels get arrays, not objects, and UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR0917, PLR2004

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.compile import inlined, kernel
from pipelines.text.interned import hash_of
from pipelines.text.lines import characters, line_break, stripped
from pipelines.text.marks import sentence_terminals
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Bool = npt.NDArray[np.bool_]
    Bytes = npt.NDArray[np.uint8]
    Int64 = npt.NDArray[np.int64]

_SHORT: Final = 30  # characters


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LineCounts:
    r"""Counts of N texts, int64[N] each. Characters are code points; *repeated* is what occurred before in its text.

    Attributes:
        num_characters: of the text.
        num_newlines, num_hash_signs: how many ``\n`` and ``#``.
        num_ellipses: how many ``...``, which do not overlap, and ``…``.
        num_lines: by ``str.splitlines``.
        num_bullet_lines: those that begin with a bullet or a hyphen, white space left out.
        num_ellipsis_lines: those that end with an ellipsis, white space left out.
        num_paragraphs, num_repeated_paragraphs, repeated_paragraph_characters: pieces between runs of two or more ``\n`` of the stripped text.
        num_pieces, num_repeated_pieces, repeated_piece_characters: pieces between runs of ``\n``; a text that begins or ends with one has an empty
            piece there.
        num_filled_lines: lines, by ``\n`` alone, that are not blank.
        num_punctuated_lines: filled lines whose very last character is a mark that ends sentences.
        num_short_lines: filled lines of at most 30 characters.
        repeated_line_characters: characters of filled lines that occurred before.
    """

    num_characters: Int64
    num_newlines: Int64
    num_hash_signs: Int64
    num_ellipses: Int64
    num_lines: Int64
    num_bullet_lines: Int64
    num_ellipsis_lines: Int64
    num_paragraphs: Int64
    num_repeated_paragraphs: Int64
    repeated_paragraph_characters: Int64
    num_pieces: Int64
    num_repeated_pieces: Int64
    repeated_piece_characters: Int64
    num_filled_lines: Int64
    num_punctuated_lines: Int64
    num_short_lines: Int64
    repeated_line_characters: Int64


# Columns of what the kernel fills: the fields in order.
_FIELDS: Final = [field.name for field in fields(LineCounts)]
_CHARACTERS: Final = _FIELDS.index("num_characters")
_NEWLINES: Final = _FIELDS.index("num_newlines")
_HASH_SIGNS: Final = _FIELDS.index("num_hash_signs")
_ELLIPSES: Final = _FIELDS.index("num_ellipses")
_LINES: Final = _FIELDS.index("num_lines")
_BULLET_LINES: Final = _FIELDS.index("num_bullet_lines")
_ELLIPSIS_LINES: Final = _FIELDS.index("num_ellipsis_lines")
_PARAGRAPHS: Final = _FIELDS.index("num_paragraphs")
_PIECES: Final = _FIELDS.index("num_pieces")
_FILLED: Final = _FIELDS.index("num_filled_lines")
_PUNCTUATED: Final = _FIELDS.index("num_punctuated_lines")
_SHORT_LINES: Final = _FIELDS.index("num_short_lines")
_REPEATED_LINES: Final = _FIELDS.index("repeated_line_characters")
# Behind the number of pieces of a sort, the repeated ones and their characters.
_REPEATED: Final = 1
_REPEATED_CHARACTERS: Final = 2
_SLOTS: Final = 1 << 13  # of the table that most texts do with
_UPPER: Final = -(1 << 32)  # the bits of a hash that stand beside a length


def count_lines(texts: pa.Array) -> LineCounts:
    """Counts of each text.

    >>> import pyarrow as pa
    >>> count_lines(pa.array(["- one...", ""])).num_bullet_lines.tolist()
    [1, 0]
    """
    offsets, data = utf8_buffers(texts)
    counts = np.zeros((len(texts), len(_FIELDS)), np.int64)
    _count(data, offsets, _special(), _terminals(), counts)
    return LineCounts(**dict(zip(_FIELDS, np.ascontiguousarray(counts.T), strict=True)))


@cache
def _special() -> Bool:
    """Bytes of marks that are counted, of line breaks, and the heads of characters that may be one of both."""
    special = np.zeros(256, np.bool_)
    special[[*range(0x0A, 0x0E), *range(0x1C, 0x1F), *b"#.", 0xC2, 0xE2]] = True
    return special


@cache
def _terminals() -> Bool:
    found = np.zeros(sys.maxunicode + 1, np.bool_)
    found[[ord(mark) for mark in sentence_terminals()]] = True
    return found


@inlined
def _last_point(data: Bytes, start: int, end: int) -> np.int64:
    """Code point of the last character."""
    head = end - 1
    while head > start and data[head] & 0xC0 == 0x80:
        head -= 1
    point, width = np.int64(data[head]), end - head
    if width == 1:
        return point
    point &= 0x7F >> width
    for place in range(head + 1, end):
        point = point << 6 | np.int64(data[place]) & 0x3F
    return point & 0x1FFFFF


@inlined
def _occurred(data: Bytes, start: int, end: int, table: Int64) -> bool:
    """Whether these bytes, at least one, are in the table, where they are now. A row is a start and, of a hash and a length, a half each."""
    length, mask = end - start, table.shape[0] - 1
    hashed = np.int64(hash_of(data, start, end))
    key, slot = hashed & _UPPER | length, hashed & mask
    while table[slot, 1] != 0:
        if table[slot, 1] == key:
            first, place = table[slot, 0], 0
            while place < length and data[first + place] == data[start + place]:
                place += 1
            if place == length:
                return True
        slot = (slot + 1) & mask
    table[slot, 0] = start
    table[slot, 1] = key
    return False


@inlined
def _has_room(table: Int64, counts: Int64, sort: int) -> bool:
    """Whether a quarter of the table is free, by the counts of pieces of a sort, and of the repeated ones, that are not in it."""
    return bool(4 * (counts[sort] - counts[sort + _REPEATED]) <= 3 * table.shape[0])


@kernel
def _count(data: Bytes, offsets: Int64, special: Bool, terminals: Bool, counts: Int64) -> None:
    """Fills the columns of ``counts``. One table serves all texts: no more of it is wiped than a text needs.

    What millions of lines need is not known beforehand, for most may be the same or empty: a text that finds the table full begins anew in a larger.
    """
    table = np.empty((_SLOTS, 2), np.int64)
    for text in range(offsets.size - 1):
        start, end = offsets[text], offsets[text + 1]
        newlines = 0
        for place in range(start, end):
            newlines += data[place] == 0x0A
        size = 16
        while size < 2 * (newlines + 1) and size < _SLOTS:
            size *= 2
        while True:
            if size > table.shape[0]:
                table = np.empty((size, 2), np.int64)
            counts[text] = 0
            counts[text, _CHARACTERS] = characters(data, start, end)
            counts[text, _NEWLINES] = newlines
            table[:size, 1] = 0
            if _count_lines(data, start, end, special, terminals, table[:size], counts[text]):
                table[:size, 1] = 0
                if _count_paragraphs(data, start, end, table[:size], counts[text]):
                    break
            size *= 4


@kernel
def _count_lines(data: Bytes, start: int, end: int, special: Bool, terminals: Bool, table: Int64, counts: Int64) -> bool:
    """Counts of everything but paragraphs, of one text; false if the table is too small, and then it stops."""
    line = whole = start  # where the line begins, and the one that only newlines end
    is_filled = False  # whether the latter holds anything but white space
    place = start
    while place < end:
        if not special[data[place]]:
            place += 1
            continue
        broken = line_break(data, place, end)
        if broken == 0:
            place = _count_mark(data, place, end, counts)
            continue
        is_filled = _count_ends(data, line, place, counts) or is_filled
        place += broken
        line = place
        if data[place - 1] == 0x0A:
            _count_line(data, whole, place - 1, is_filled, terminals, table, counts)
            if not _has_room(table, counts, _PIECES):
                return False
            whole, is_filled = place, False
    if line < end:
        is_filled = _count_ends(data, line, end, counts) or is_filled
    _count_line(data, whole, end, is_filled, terminals, table, counts)
    empty = 1 if start == end else np.int64(data[start] == 0x0A) + np.int64(data[end - 1] == 0x0A)
    counts[_PIECES] += empty
    counts[_PIECES + _REPEATED] += empty > 1
    return True


@inlined
def _count_mark(data: Bytes, place: int, end: int, counts: Int64) -> int:
    """Counts what may be a mark; returns the place after it."""
    head = data[place]
    if head == 0x2E:
        begin = place
        while place < end and data[place] == 0x2E:
            place += 1
        counts[_ELLIPSES] += (place - begin) // 3
        return place
    counts[_HASH_SIGNS] += head == 0x23
    counts[_ELLIPSES] += _is_general(data, place, end, 0xA6)
    return place + 1


@inlined
def _count_ends(data: Bytes, start: int, end: int, counts: Int64) -> bool:
    """Counts a line that any line break ends, by its first and last characters; whether it holds anything but white space."""
    counts[_LINES] += 1
    start, end = stripped(data, start, end)
    if start == end:
        return False
    counts[_BULLET_LINES] += data[start] == 0x2D or _is_general(data, start, end, 0xA2)
    is_dots = end - start >= 3 and data[end - 1] == 0x2E and data[end - 2] == 0x2E and data[end - 3] == 0x2E
    counts[_ELLIPSIS_LINES] += is_dots or (end - start >= 3 and _is_general(data, end - 3, end, 0xA6))
    return True


@inlined
def _is_general(data: Bytes, place: int, end: int, last: int) -> bool:
    """Whether the character at a place is the one of U+2000 to U+203F with that last byte."""
    return place + 2 < end and data[place] == 0xE2 and data[place + 1] == 0x80 and data[place + 2] == last


@kernel
def _count_line(data: Bytes, start: int, end: int, is_filled: bool, terminals: Bool, table: Int64, counts: Int64) -> None:  # noqa: FBT001
    """Counts a line by newlines; an empty one is no piece here."""
    if start == end:
        return
    counts[_PIECES] += 1
    if is_filled:
        counts[_FILLED] += 1
        counts[_PUNCTUATED] += terminals[_last_point(data, start, end)]
        counts[_SHORT_LINES] += end - start <= _SHORT or (end - start <= 4 * _SHORT and characters(data, start, end) <= _SHORT)
    if _occurred(data, start, end, table):
        length = characters(data, start, end)
        counts[_PIECES + _REPEATED] += 1
        counts[_PIECES + _REPEATED_CHARACTERS] += length
        if is_filled:
            counts[_REPEATED_LINES] += length


@kernel
def _count_paragraphs(data: Bytes, start: int, end: int, table: Int64, counts: Int64) -> bool:
    """Counts of the paragraphs of one text, of which an empty one has one; false if the table is too small, and then it stops."""
    start, end = stripped(data, start, end)
    place = start
    counts[_PARAGRAPHS] += start == end
    while place < end:
        begin = place
        while place < end and not (data[place] == 0x0A and data[place + 1] == 0x0A):  # the last byte is no newline
            place += 1
        counts[_PARAGRAPHS] += 1
        if (begin, place) != (start, end) and _occurred(data, begin, place, table):
            counts[_PARAGRAPHS + _REPEATED] += 1
            counts[_PARAGRAPHS + _REPEATED_CHARACTERS] += characters(data, begin, place)
        if not _has_room(table, counts, _PARAGRAPHS):
            return False
        while place < end and data[place] == 0x0A:
            place += 1
    return True
