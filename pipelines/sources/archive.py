"""Records of a WARC file (ISO 28500), one after the other, found again after damage.

A record's Content-Length is believed when what follows it is the next record, a line break or the end of the file. One that lies is a fault, and
reading goes on at the next place that looks like a record's first line. The offset of a record is where it begins in the file, or, in a gzip-packed
file, where the member begins that holds it: a reader may seek there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.sources.byte_stream import ByteStream, Place
from pipelines.sources.http_message import fields_of
from pipelines.sources.unpacking import Unreadable, blocks, codec_of, gzip_members, next_member

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

_MAGIC: Final = b"WARC/"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_DEFLATE_RATIO: Final = 1032  # deflate cannot do better
_LENGTH_DIGITS: Final = 18
_RECORD_END: Final = 4  # bytes of line breaks that the standard puts behind a record
_MOST_AGAIN: Final = 4  # times the file's size that may be read again, past a grace: lies and breaks could ask for it without end
_AGAIN_GRACE: Final = 64 << 20
_NOT_READ: Final = "the rest of the file was not read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record as it stands in the file. ``block`` is None where it is larger than may be held; ``nth`` counts records of one offset from 0."""

    offset: int
    nth: int
    fields: Mapping[str, str]
    num_bytes: int
    block: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A stretch that is no record, or a record that is not whole."""

    error: str
    message: str
    offset: int
    num_bytes: int = 0


class Archive:
    """Reads one file. Memory holds one record of at most ``max_bytes``."""

    def __init__(self, path: Path, max_bytes: int, max_ratio: int) -> None:
        """Opens nothing yet. ``max_ratio`` bounds what files unpack to that are packed otherwise than by gzip."""
        self._path = path
        self._max_bytes = max_bytes
        self._max_ratio = max_ratio
        self._codec = codec_of(path.name)
        self._size = 0
        self._again = 0  # bytes that had to be read twice, or in vain
        self._held: Entry | None = None  # read, but what follows it was not seen yet
        self._last = (0, -1)  # offset of the last record, and which it was there

    def __iter__(self) -> Iterator[Entry | Damage]:
        """Records and damage, in the order of the bytes."""
        try:
            with self._path.open("rb") as file:
                begins = file.read(len(_GZIP_MAGIC))
                self._size = file.seek(0, 2)
            if self._codec in {"plain", "gzip"}:  # what the file is counts, not what it is called
                self._codec = "gzip" if begins == _GZIP_MAGIC else "plain"
            place: Place | None = Place(0, 0)
            while place is not None:
                place = yield from self._read_from(place)
        except (OSError, Unreadable) as error:
            cause = error.message if isinstance(error, Unreadable) else f"cannot be read ({type(error).__name__})"
            yield Damage(error="unreadable_file", message=f"{cause}; {_NOT_READ}", offset=self._last[0], num_bytes=self._size - self._last[0])

    def _read_from(self, place: Place) -> Generator[Entry | Damage, None, Place | None]:
        """Records from a place on; gives back where to go on after damage, if there is anything behind it."""
        stream = self._open(place)
        try:
            stream.skip(place.behind)
            return (yield from self._records(stream, is_record=not place.behind))
        except Unreadable as broken:
            return (yield from self._behind_break(stream, broken))

    def _behind_break(self, stream: ByteStream, broken: Unreadable) -> Generator[Entry | Damage, None, Place | None]:
        """What is said of a break in the packed data; gives back the next gzip member that begins with a record."""
        held, self._held = self._held, None
        if held is not None and (broken.error.startswith("truncated") or broken.member not in {None, held.offset}):
            yield held  # it stands whole before the break
        message = f"{broken.message}; the last record that could be read begins at byte {self._last[0]}"
        if broken.member is None:
            left = 0 if broken.place is None else max(0, self._size - broken.place)
            yield Damage(error=broken.error, message=f"{message}; {_NOT_READ}", offset=self._last[0], num_bytes=left)
            return None
        self._again += stream.pulled_of(broken.member) + (self._size if broken.place is None else broken.place) - broken.member
        goes_on = next_member(self._path, broken.member + 1, _MAGIC) if self._may_read_again() else None
        message += f"; {_NOT_READ}" if goes_on is None else f"; reading goes on at byte {goes_on}"
        end = self._size if goes_on is None else goes_on
        yield Damage(error=broken.error, message=message, offset=broken.member, num_bytes=end - broken.member)
        return None if goes_on is None else Place(goes_on, 0)

    def _may_read_again(self) -> bool:
        return self._again <= _MOST_AGAIN * self._size + _AGAIN_GRACE

    def _open(self, place: Place) -> ByteStream:
        if self._codec == "gzip":
            return ByteStream(self._members(place.seek), 0)
        return ByteStream(((None, block) for block in blocks(self._path, self._codec, self._max_ratio, place.seek)), place.seek)

    def _members(self, offset: int) -> Iterator[tuple[int | None, bytes]]:
        with self._path.open("rb") as file:
            file.seek(offset)
            yield from gzip_members(file)

    def _records(self, stream: ByteStream, *, is_record: bool) -> Generator[Entry | Damage, None, Place | None]:
        """Records of a stream; gives back where to go on after one whose length led too far to have held all that was passed."""
        if not is_record:
            stream.skip_to_next()
        while stream.skip_line_breaks() >= 0 and stream.fill(1):
            begins = stream.where(is_seekable=self._codec == "plain")
            offset, first = (begins.seek if self._codec in {"plain", "gzip"} else begins.behind), stream.place
            head = stream.head() if stream.peek(len(_MAGIC)) == _MAGIC else None
            if head is None:
                yield self._no_record(stream, offset)
                continue
            behind_head = Place(begins.seek, begins.behind + stream.place - first)
            met, was_passed = self._entry(stream, offset, head)
            yield met
            if was_passed:
                self._again += was_passed + behind_head.behind
                if self._may_read_again():
                    return behind_head
                left = self._size - (offset if self._codec in {"plain", "gzip"} else 0)
                yield Damage(error="corrupt_warc", message=f"too many records lie about their length; {_NOT_READ}", offset=offset, num_bytes=left)
                return None
        return None

    def _no_record(self, stream: ByteStream, offset: int) -> Damage:
        begins = stream.peek(len(_MAGIC))
        passed = stream.skip_to_next()
        if _MAGIC.startswith(begins) and not stream.fill(1):
            message = f"the file ends in the middle of a record; the last record that could be read begins at byte {self._last[0]}"
            return Damage(error="truncated_warc", message=message, offset=offset, num_bytes=passed)
        message = f"{passed:,} bytes are no record, or damaged; the last record that could be read begins at byte {self._last[0]}"
        return Damage(error="corrupt_warc", message=message, offset=offset, num_bytes=passed)

    def _entry(self, stream: ByteStream, offset: int, head: bytes) -> tuple[Entry | Damage, int]:
        """The record behind a head, or what is wrong with it; and how many bytes were taken for its block that may be other records'."""
        fields = fields_of(head)
        size = _length(fields.get("content-length", ""))
        left = self._size - offset
        if size is None:
            stream.skip_to_next()
            return Damage(error="corrupt_warc", message="a record without a Content-Length that is a number", offset=offset), 0
        cut = Damage(error="truncated_warc", message=f"a record of {size:,} bytes by its Content-Length; the file ends before that", offset=offset)
        if (self._codec == "plain" and size > left) or (self._codec == "gzip" and size > left * _DEFLATE_RATIO):
            stream.skip_to_next()
            return cut, 0
        passed = _passed(stream, size, offset) if size > self._max_bytes else 0
        if passed < size and (passed or stream.fill(size) < size):
            stream.check(offset)
            if not passed:
                stream.skip_to_next()
            return cut, passed
        self._last = (offset, self._last[1] + 1 if self._last[0] == offset else 0)
        follows = stream.ahead(_RECORD_END + len(_MAGIC), 0 if passed else size)
        if not _is_believed(follows):
            if not passed:
                stream.skip_to_next()
            message = "a record whose Content-Length does not lead to the next one"
            return Damage(error="corrupt_warc", message=message, offset=offset, num_bytes=size), passed
        block = None if passed else stream.take(size)
        self._held = Entry(offset=offset, nth=self._last[1], fields=fields, num_bytes=size, block=block)
        if not follows.strip(b"\r\n"):
            stream.skip_line_breaks()  # raises where the data breaks here
        found, self._held = self._held, None
        return found, 0


def _length(value: str) -> int | None:
    """A Content-Length, which may be written twice if both say the same."""
    named = {one.strip() for one in value.split(",")}
    only = named.pop() if len(named) == 1 else ""
    return int(only) if only.isascii() and only.isdecimal() and len(only) <= _LENGTH_DIGITS else None


def _is_believed(follows: bytes) -> bool:
    """Whether a record ends where these bytes follow: line breaks, the next record or the end of the file."""
    behind = follows.lstrip(b"\r\n")
    return len(follows) - len(behind) >= _RECORD_END or _MAGIC.startswith(behind[: len(_MAGIC)])


def _passed(stream: ByteStream, size: int, member: int) -> int:
    """Takes bytes of a record that is not held; how many there were before the file ended, or broke in another gzip member than the record's."""
    first = stream.place
    try:
        stream.skip(size)
    except Unreadable as broken:
        if broken.member in {None, member}:
            raise
    return stream.place - first
