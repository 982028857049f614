"""What stands between white space, as ``str.split`` cuts it: spans of chunks in UTF-8, and what stands between them."""

# Kernels get arrays, not objects, and UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR0917, PLR2004

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.text.compile import inlined, kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    Bool = npt.NDArray[np.bool_]
    Bytes = npt.NDArray[np.uint8]
    Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Chunks:
    """Chunks of N spans of one buffer, C in all.

    Attributes:
        starts, ends: int64[C], each chunk in the buffer.
        wide: bool[C], whether anything but one blank stands between a chunk and the one before it in its span.
        first: int64[N + 1]; chunks of span s are ``first[s]`` to ``first[s + 1]``.
    """

    starts: Int64
    ends: Int64
    wide: Bool
    first: Int64


def chunks_of(data: Bytes, starts: Int64, ends: Int64) -> Chunks:
    r"""Chunks of each ``data[start:end]``.

    >>> chunks_of(np.frombuffer(b" a \t bc", np.uint8), np.array([0]), np.array([7])).starts.tolist()
    [1, 5]
    """
    most = int((ends - starts + 1).sum()) // 2 + len(starts)
    found_starts, found_ends, wide = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.bool_)
    first = np.empty(len(starts) + 1, np.int64)
    count = _cut(data, starts, ends, found_starts, found_ends, wide, first)
    return Chunks(starts=found_starts[:count], ends=found_ends[:count], wide=wide[:count], first=first)


def nonblank_characters(data: Bytes, starts: Int64, ends: Int64) -> Int64:
    """Characters of each ``data[start:end]`` that are no white space."""
    counts = np.zeros(len(starts), np.int64)
    _count_nonblank(data, starts, ends, counts)
    return counts


@inlined
def white_space(data: Bytes, place: int, end: int) -> int:
    """Bytes of the white-space character at a place (``str.isspace``), 0 if there is none."""
    head = data[place]
    if head <= 0x20:
        return 1 if head == 0x20 or 0x09 <= head <= 0x0D or head >= 0x1C else 0
    if head < 0xC2 or head > 0xE3 or place + 1 >= end:
        return 0
    second = data[place + 1]
    if head == 0xC2:
        return 2 if second in (0x85, 0xA0) else 0
    if head < 0xE1 or place + 2 >= end:
        return 0
    third = data[place + 2]
    if head == 0xE2:
        general = second == 0x80 and (third <= 0x8A or third in (0xA8, 0xA9, 0xAF))
        return 3 if general or (second == 0x81 and third == 0x9F) else 0
    return 3 if (head == 0xE1 and second == 0x9A and third == 0x80) or (head == 0xE3 and second == 0x80 and third == 0x80) else 0


@kernel
def _cut(data: Bytes, starts: Int64, ends: Int64, found_starts: Int64, found_ends: Int64, wide: Bool, first: Int64) -> int:
    """Fills the arrays of ``Chunks``; returns how many there are."""
    count = 0
    for span in range(starts.size):
        first[span] = count
        place, end = starts[span], ends[span]
        gap = place  # where the white space before the next chunk begins
        while place < end:
            width = white_space(data, place, end)
            if width:
                place += width
                continue
            found_starts[count] = place
            wide[count] = place - gap != 1 or data[gap] != 0x20
            while place < end:
                head = data[place]
                if (0x20 < head < 0xC2) or head > 0xE3 or white_space(data, place, end) == 0:  # a byte at a time: what follows a head is no head
                    place += 1
                else:
                    break
            found_ends[count] = place
            count += 1
            gap = place
    first[starts.size] = count
    return count


@kernel
def _count_nonblank(data: Bytes, starts: Int64, ends: Int64, counts: Int64) -> None:
    """Adds up characters."""
    for span in range(starts.size):
        place, end = starts[span], ends[span]
        while place < end:
            width = white_space(data, place, end)
            counts[span] += width == 0 and data[place] & 0xC0 != 0x80
            place += max(width, 1)
