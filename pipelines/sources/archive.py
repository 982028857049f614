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
from pipelines.sources.unpacking import Unreadable, blocks, codec_of, gzip_members

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

_MAGIC: Final = b"WARC/"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_DEFLATE_RATIO: Final = 1032  # deflate cannot do better
_LENGTH_DIGITS: Final = 18
_RECORD_END: Final = 4  # bytes of line breaks that the standard puts behind a record
_MOST_RESTARTS: Final = 20


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
        self._restarts = 0
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
                place = yield from self._records(place, is_first=place == Place(0, 0))
        except OSError as error:
            yield Damage(error="unreadable_file", message=f"cannot be read ({type(error).__name__})", offset=0)
        except Unreadable as broken:
            held = self._held
            if held is not None and (broken.error.startswith("truncated") or broken.member not in {None, held.offset}):
                yield held  # it stands whole before the break
            message = f"{broken.message}; the last record that could be read begins at byte {self._last[0]}"
            yield Damage(error=broken.error, message=message, offset=self._last[0])

    def _open(self, place: Place) -> ByteStream:
        if self._codec == "gzip":
            stream = ByteStream(self._members(place.seek), 0)
        else:
            pieces = ((None, block) for block in blocks(self._path, self._codec, self._max_ratio, place.seek))
            stream = ByteStream(pieces, place.seek)
        stream.skip(place.behind)
        return stream

    def _members(self, offset: int) -> Iterator[tuple[int | None, bytes]]:
        with self._path.open("rb") as file:
            file.seek(offset)
            yield from gzip_members(file)

    def _records(self, place: Place, *, is_first: bool) -> Generator[Entry | Damage, None, Place | None]:
        """Records from a place on; gives back where to go on after a record whose length led nowhere."""
        stream = self._open(place)
        if not is_first:
            stream.skip_to_next()
        while stream.skip_line_breaks() >= 0 and stream.fill(1):
            begins = stream.where(is_seekable=self._codec == "plain")
            offset, first = (begins.seek if self._codec in {"plain", "gzip"} else begins.behind), stream.place
            head = stream.head() if stream.peek(len(_MAGIC)) == _MAGIC else None
            if head is None:
                yield self._no_record(stream, offset)
                continue
            behind_head = Place(begins.seek, begins.behind + stream.place - first)
            met, is_to_restart = self._entry(stream, offset, head)
            yield met
            if is_to_restart:
                self._restarts += 1
                if self._restarts > _MOST_RESTARTS:
                    yield Damage(error="corrupt_warc", message=f"more than {_MOST_RESTARTS} records lie; the rest is not read", offset=offset)
                    return None
                return behind_head
        return None

    def _no_record(self, stream: ByteStream, offset: int) -> Damage:
        begins = stream.peek(len(_MAGIC))
        passed = stream.skip_to_next()
        if _MAGIC.startswith(begins) and not stream.fill(1):
            message = f"the file ends in the middle of a record; the last record that could be read begins at byte {self._last[0]}"
            return Damage(error="truncated_warc", message=message, offset=offset, num_bytes=passed)
        message = f"{passed:,} bytes are no record, or damaged; the last record that could be read begins at byte {self._last[0]}"
        return Damage(error="corrupt_warc", message=message, offset=offset, num_bytes=passed)

    def _entry(self, stream: ByteStream, offset: int, head: bytes) -> tuple[Entry | Damage, bool]:
        """The record behind a head, or what is wrong with it; and whether bytes were taken for its block that may be other records'."""
        fields = fields_of(head)
        size = _length(fields.get("content-length", ""))
        left = self._size - offset
        if size is None:
            stream.skip_to_next()
            return Damage(error="corrupt_warc", message="a record without a Content-Length that is a number", offset=offset), False
        cut = Damage(error="truncated_warc", message=f"a record of {size:,} bytes by its Content-Length; the file ends before that", offset=offset)
        if (self._codec == "plain" and size > left) or (self._codec == "gzip" and size > left * _DEFLATE_RATIO):
            stream.skip_to_next()
            return cut, False
        if size <= self._max_bytes:
            block = stream.take(size) if not size or stream.fill(size) >= size else None
            is_whole = block is not None
        else:
            block, is_whole = None, stream.skip(size) == size
        if not is_whole:
            stream.check()
            return cut, True
        self._last = (offset, self._last[1] + 1 if self._last[0] == offset else 0)
        self._held = Entry(offset=offset, nth=self._last[1], fields=fields, num_bytes=size, block=block)
        found, is_believed = self._held, _is_followed(stream)
        self._held = None
        if is_believed:
            return found, False
        message = "a record whose Content-Length does not lead to the next one"
        return Damage(error="corrupt_warc", message=message, offset=offset, num_bytes=size), True


def _length(value: str) -> int | None:
    """A Content-Length, which may be written twice if both say the same."""
    named = {one.strip() for one in value.split(",")}
    only = named.pop() if len(named) == 1 else ""
    return int(only) if only.isascii() and only.isdecimal() and len(only) <= _LENGTH_DIGITS else None


def _is_followed(stream: ByteStream) -> bool:
    """Whether a record ends here: at a line break, the next record or the end of the file."""
    breaks = stream.skip_line_breaks()
    follows = stream.peek(len(_MAGIC))
    return breaks >= _RECORD_END or _MAGIC.startswith(follows)
