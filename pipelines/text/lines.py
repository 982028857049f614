"""Where lines begin and end in UTF-8."""

# Kernels get arrays, not objects, and UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR0917, PLR2004

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.text.compile import inlined, kernel
from pipelines.text.white_space import white_space
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Bytes = npt.NDArray[np.uint8]
    Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FilledLines:
    r"""Lines of N texts, L in all, as ``\n`` alone cuts them, blank ones and those of too few characters left out.

    Attributes:
        data: the bytes of all texts.
        starts, ends: int64[L], each line in ``data`` without white space at its ends.
        breaks: int64[2, L], where the whole line starts in its own text, and where it ends, its line break included.
        texts: int64[L], the text of each line.
        num_filled: int64[N], lines of a text that are not blank, however few characters they have.
    """

    data: Bytes
    starts: Int64
    ends: Int64
    breaks: Int64
    texts: Int64
    num_filled: Int64


def filled_lines(texts: pa.Array, min_characters: int) -> FilledLines:
    r"""Lines of texts that have that many characters, white space at their ends left out.

    >>> import pyarrow as pa
    >>> filled_lines(pa.array([" menu\n\nx"]), 2).breaks.tolist()
    [[0], [6]]
    """
    offsets, data = utf8_buffers(texts)
    most = np.count_nonzero(data[offsets[0] : offsets[-1]] == ord("\n")) + len(texts)
    starts, ends, of_text = np.empty((3, most), np.int64)
    breaks, num_filled = np.empty((2, most), np.int64), np.zeros(len(texts), np.int64)
    count = _cut(data, offsets, min_characters, starts, ends, breaks, of_text, num_filled)
    return FilledLines(data=data, starts=starts[:count], ends=ends[:count], breaks=breaks[:, :count], texts=of_text[:count], num_filled=num_filled)


@kernel
def _cut(data: Bytes, offsets: Int64, min_characters: int, starts: Int64, ends: Int64, breaks: Int64, texts: Int64, num_filled: Int64) -> int:
    """Fills the arrays of ``FilledLines``; returns how many lines there are."""
    count = 0
    for text in range(offsets.size - 1):
        place, end = offsets[text], offsets[text + 1]
        while place < end:
            newline = place
            while newline < end and data[newline] != 0x0A:
                newline += 1
            first, last = stripped(data, place, newline)
            follows = min(newline + 1, end)  # the last line may have no break behind it
            num_filled[text] += first < last
            if first < last and characters(data, first, last) >= min_characters:
                starts[count] = first
                ends[count] = last
                breaks[0, count] = place - offsets[text]
                breaks[1, count] = follows - offsets[text]
                texts[count] = text
                count += 1
            place = follows
    return count


@inlined
def line_break(data: Bytes, place: int, end: int) -> int:
    """Bytes of the line break at a place (``str.splitlines``), 0 if there is none; a carriage return and its newline are one."""
    head = data[place]
    if head < 0x20:
        if head == 0x0D and place + 1 < end and data[place + 1] == 0x0A:
            return 2
        return 1 if 0x0A <= head <= 0x0D or 0x1C <= head <= 0x1E else 0
    if head == 0xC2:
        return 2 if place + 1 < end and data[place + 1] == 0x85 else 0
    if head == 0xE2 and place + 2 < end and data[place + 1] == 0x80:
        return 3 if data[place + 2] in (0xA8, 0xA9) else 0
    return 0


@inlined
def characters(data: Bytes, start: int, end: int) -> int:
    """Code points of ``data[start:end]``."""
    count = 0
    for place in range(start, end):
        count += (data[place] & 0xC0) != 0x80
    return count


@inlined
def stripped(data: Bytes, start: int, end: int) -> tuple[int, int]:
    """``data[start:end]`` without white space at its ends (``str.strip``); of blank bytes, nothing at their end."""
    while start < end:
        width = white_space(data, start, end)
        if width == 0:
            break
        start += width
    while start < end:
        head = end - 1
        while head > start and data[head] & 0xC0 == 0x80:
            head -= 1
        if white_space(data, head, end) == 0:
            break
        end = head
    return start, end
