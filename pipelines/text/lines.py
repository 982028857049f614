"""Where lines begin and end, for compiled kernels that read UTF-8."""

# UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR2004

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.text.compile import inlined
from pipelines.text.white_space import white_space

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]


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
