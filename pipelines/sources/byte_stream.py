"""The unpacked bytes of an archive, taken one after the other, each with the place that a reader would seek."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.sources.unpacking import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

# A record's first line, behind the line break of the one before it.
_RECORD: Final = rb"WARC/\d\.\d{1,3}\r?\n[A-Za-z][A-Za-z-]*:"
_NEXT_RECORD: Final = re.compile(rb"\n" + _RECORD)
_OVERLAP: Final = 128
_HEAD_BYTES: Final = 1 << 20
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n|\n(?=(" + _RECORD + rb"))")  # an empty line, or a record that begins before one
_LINE_BREAKS: Final = re.compile(rb"[\r\n]*")
_STEP: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A place to which a file can be opened again: an offset to seek, and how many unpacked bytes to pass behind it."""

    seek: int
    behind: int


class ByteStream:
    """The unpacked bytes of a file from a place on, each with the offset that a reader would seek."""

    def __init__(self, pieces: Iterator[tuple[int | None, bytes]], first: int) -> None:
        self._pieces = pieces
        self._held = bytearray()
        self._members: deque[tuple[int, int]] = deque()  # unpacked place and offset of each gzip member from the current one on
        self._newest: int | None = None
        self._broken: Unreadable | None = None  # told once all that stands before the break is taken
        self.place = first

    def fill(self, size: int) -> int:
        """Holds ``size`` bytes if there are so many; how many are held.

        Raises:
            Unreadable: none are held, because the packed data breaks here.
        """
        self._pull(size)
        if not self._held:
            self.check()
        return len(self._held)

    def _pull(self, size: int) -> None:
        while len(self._held) < size:
            try:
                member, block = next(self._pieces, (None, b""))
            except Unreadable as broken:
                self._broken = broken
                break
            if not block:
                break
            if member is not None and member != self._newest:
                self._newest = member
                self._members.append((self.place + len(self._held), member))
            self._held += block

    def check(self, member: int | None = None) -> None:
        """Raises Unreadable where the packed data breaks behind what is held; with a member, only where it breaks in that, or nobody knows where."""
        if self._broken is not None and (member is None or self._broken.member in {None, member}):
            raise self._broken

    def pulled_of(self, member: int) -> int:
        """How many bytes were unpacked of the newest gzip member; 0 where the newest that gave any is another."""
        begins, newest = self._members[-1] if self._members else (0, None)
        return self.place + len(self._held) - begins if newest == member else 0

    def peek(self, size: int) -> bytes:
        """The next bytes, at most ``size``."""
        self.fill(size)
        return bytes(self._held[:size])

    def ahead(self, size: int, behind: int) -> bytes:
        """At most ``size`` bytes from ``behind`` bytes further on, fewer where the file ends or its packed data breaks; nothing is taken."""
        self._pull(behind + size)
        return bytes(self._held[behind : behind + size])

    def take(self, size: int) -> bytes:
        """Takes bytes that are held."""
        given = bytes(self._held[:size])
        del self._held[:size]
        self.place += len(given)
        return given

    def skip(self, size: int) -> int:
        """Takes bytes without holding them all; how many there were."""
        left = size
        while left and self.fill(1):
            left -= len(self.take(min(left, _STEP)))
        return size - left

    def skip_line_breaks(self) -> int:
        """Takes line breaks; how many bytes."""
        first = self.place
        while self.fill(1) and self._held[0] in b"\r\n":
            breaks = _LINE_BREAKS.match(self._held)
            self.take(breaks.end() if breaks else 0)
        return self.place - first

    def skip_to_next(self) -> int:
        """Takes all before the next place that looks like a record's first line; how many bytes."""
        first = self.place
        while self.fill(_STEP):
            found = _NEXT_RECORD.search(self._held)
            if found:
                self.take(found.start() + 1)
                break
            self.take(len(self._held) - _OVERLAP if len(self._held) >= _STEP else len(self._held))
        return self.place - first

    def head(self) -> bytes | None:
        """Takes all up to an empty line; None where there is none soon, or the next record begins before it."""
        size = 1 << 12
        while True:
            held = self.fill(size)
            found = _HEAD_END.search(self._held, 0, _HEAD_BYTES)
            if found:
                return None if found[1] else self.take(found.end())
            if held < size or size > _HEAD_BYTES:
                self.check()
                return None
            size *= 4

    def where(self, *, is_seekable: bool) -> Place:
        """How to come back to the next byte."""
        while len(self._members) > 1 and self._members[1][0] <= self.place:
            self._members.popleft()
        if self._members:
            begins, member = self._members[0]
            return Place(member, self.place - begins)
        return Place(self.place, 0) if is_seekable else Place(0, self.place)
