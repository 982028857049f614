"""Bytes of packed files in bounded memory, with what a hostile or broken file does to them named.

A file unpacks piece by piece; what stands before a break is given first, and then ``Unreadable`` says where and why. The bounds are
those that zip tools settled on: a record of at most 16 MiB, and no more than a hundredfold of the packed size past the first mebibyte.
What can be unpacked is said here and nowhere else: listing, reading and messages ask ``codec_of``.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_RECORD_BYTES: Final = 16 << 20
MAX_UNPACKED_RATIO: Final = 100
GRACE_BYTES: Final = 1 << 20
_BLOCK: Final = 1 << 20
_PACKED_BLOCK: Final = 1 << 16
_ZSTD_BLOCK: Final = 2048  # 4 bytes of zstd may unpack to 128 KiB and its decoder takes no bound: 64 MiB is the most that one block can give
_GZIP: Final = 31  # zlib's number for "expect a gzip header"
_GZIP_MAGIC: Final = b"\x1f\x8b\x08"
_MEMBER_HEAD: Final = 1 << 12  # enough to see how a member begins, its file name included
_CODECS: Final = {"gz": "gzip", "zst": "zstd", "zstd": "zstd", "bz2": "bzip2", "xz": "xz"}
# Pushshift's files need it. A frame reserves its window and fills it only as it unpacks, so that the bound on the ratio bounds this too.
_MAX_WINDOW_BYTES: Final = 1 << 31
_ZSTD_WINDOW: Final = 5  # place of the window's byte in a frame, behind the magic number and the descriptor
_ZSTD_SINGLE_SEGMENT: Final = 1 << 5
_XZ_MEMORY_BYTES: Final = 256 << 20  # xz -9 needs 65 MiB


class Unreadable(Exception):
    """The rest of a stream cannot be read. Never leaves the package: a source turns it into a Fault."""

    def __init__(self, error: str, message: str, member: int | None = None, place: int | None = None) -> None:
        """``error`` is the class of the fault; ``message`` never holds bytes of the file; ``member`` is where the broken gzip member begins.

        ``place`` is the byte of the packed file from which on nothing was read, where that is known.
        """
        super().__init__(message)
        self.place = place
        self.error = error
        self.message = message
        self.member = member


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an unpacked stream; ``data`` is None where it is longer than allowed."""

    offset: int
    length: int
    data: bytes | None


def codec_of(name: str) -> str:
    """How a file is packed, by its name.

    >>> codec_of("a.jsonl.gz"), codec_of("A.JSONL.BZ2"), codec_of("a.jsonl")
    ('gzip', 'bzip2', 'plain')
    """
    return _CODECS.get(name.rpartition(".")[2].lower(), "plain")


def bare_name(name: str) -> str:
    """A file's name without what says how it is packed.

    >>> bare_name("a.jsonl.gz"), bare_name("a.jsonl")
    ('a.jsonl', 'a.jsonl')
    """
    return name if codec_of(name) == "plain" else name.rpartition(".")[0]


def blocks(path: Path, codec: str, max_ratio: int, start: int = 0) -> Iterator[bytes]:
    """The unpacked bytes in order; of a plain file, those from ``start`` on.

    Raises:
        Unreadable: truncated_CODEC, corrupt_CODEC, zstd_window_too_large, zstd_needs_dictionary, unpacked_too_large or unreadable_file.
    """
    try:
        with path.open("rb") as file:
            file.seek(start)
            given = 0
            for block in _UNPACK[codec](file):
                given += len(block)
                if codec != "plain" and given > GRACE_BYTES and given > max_ratio * file.tell():
                    raise too_large(max_ratio, file.tell())
                yield block
    except OSError as error:
        raise Unreadable("unreadable_file", f"cannot be read ({type(error).__name__})") from None


def whole(path: Path, max_bytes: int, max_ratio: int) -> tuple[bytes, int]:
    """The unpacked bytes of a file, and how many they are.

    Raises:
        Unreadable: as ``blocks``, or record_too_large: there are more than ``max_bytes``.
    """
    held, size = [], 0
    for block in blocks(path, codec_of(path.name), max_ratio):
        held.append(block)
        size += len(block)
        if size > max_bytes:
            raise Unreadable("record_too_large", f"a file of more than {max_bytes:,} bytes; no more are read of one (max_record_bytes)")
    return b"".join(held), size


def check_bounds(**bounds: int) -> None:
    """Rejects bounds that would let nothing through, or end the counting before it begins.

    Raises:
        ValueError: a bound is below 1.
    """
    for name, value in bounds.items():
        if value < 1:
            raise ValueError(f"{name} {value} must be 1 or more")


def too_large(max_ratio: int, place: int | None = None) -> Unreadable:
    """What is said of a file that unpacks to more than is believed."""
    message = f"unpacks to more than {max_ratio} times its size; raise max_unpacked_ratio if you trust it"
    return Unreadable("unpacked_too_large", message, place=place)


def lines(stream: Iterator[bytes], max_bytes: int, offset: int = 0) -> Iterator[Line]:
    """Lines without their newline; ``offset`` is the place of the stream's first byte. A line over the bound is passed by, counted and not held.

    Raises:
        Unreadable: as ``blocks``; the unfinished line before the break is not given, since nobody knows how it ends.
    """
    held: list[bytes] = []
    size = 0
    for block in stream:
        start = 0
        while (end := block.find(b"\n", start)) >= 0:
            size += end - start
            data = b"".join([*held, block[start:end]]) if size <= max_bytes else None
            yield Line(offset, size, data)
            offset, held, size, start = offset + size + 1, [], 0, end + 1
        size += len(block) - start
        held = [*held, block[start:]] if size <= max_bytes else []
    if size:
        yield Line(offset, size, b"".join(held) if size <= max_bytes else None)


def gzip_members(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The unpacked bytes of the gzip members from the file's position on, each block with the place where its member begins.

    Raises:
        Unreadable: truncated_gzip or corrupt_gzip.
    """
    unpacker, fresh, begins = zlib.decompressobj(_GZIP), True, file.tell()
    while packed := file.read(_PACKED_BLOCK):
        while packed:
            if fresh:  # a file may be several gzip members, and padding of zeros may follow
                packed = packed.lstrip(b"\0")
                begins, fresh = file.tell() - len(packed), not packed
                continue
            try:
                block = unpacker.decompress(packed, _BLOCK)
            except zlib.error:
                raise _corrupt("gzip", file.tell() - len(packed), begins) from None
            if block:
                yield begins, block
            packed = unpacker.unconsumed_tail
            if unpacker.eof:
                packed, unpacker, fresh = unpacker.unused_data, zlib.decompressobj(_GZIP), True
    if not fresh:
        raise _truncated("gzip", file.tell(), begins)


def next_member(path: Path, start: int, first: bytes) -> int | None:
    """Where, from ``start`` on, the next gzip member begins whose unpacked bytes begin with ``first``; None if there is none.

    Raises:
        Unreadable: unreadable_file.
    """
    try:
        with path.open("rb") as file:
            file.seek(start)
            held = b""
            while block := file.read(_BLOCK):
                held += block
                end = len(held) - _MEMBER_HEAD if len(block) == _BLOCK else len(held)  # the last ones are looked at with what follows them
                found = _member_in(held, end, first)
                if found is not None:
                    return start + found
                held, start = held[end:], start + end
    except OSError as error:
        raise Unreadable("unreadable_file", f"cannot be read ({type(error).__name__})") from None
    return None


def _member_in(held: bytes, end: int, first: bytes) -> int | None:
    place = held.find(_GZIP_MAGIC)
    while 0 <= place < end:
        try:
            if zlib.decompressobj(_GZIP).decompress(held[place : place + _MEMBER_HEAD], len(first)) == first:
                return place
        except zlib.error:  # three bytes that look like a member's first ones
            pass
        place = held.find(_GZIP_MAGIC, place + 1)
    return None


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _gzip(file: BinaryIO) -> Iterator[bytes]:
    for _, block in gzip_members(file):
        yield block


def _bzip2(file: BinaryIO) -> Iterator[bytes]:
    return _bounded(file, "bzip2", bz2.BZ2Decompressor)


def _xz(file: BinaryIO) -> Iterator[bytes]:
    return _bounded(file, "xz", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES))


def _bounded(file: BinaryIO, codec: str, make: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]) -> Iterator[bytes]:
    """What decompressors give that keep the packed bytes they have not worked off."""
    unpacker, fresh = make(), True
    while packed := file.read(_PACKED_BLOCK):
        packed = packed.lstrip(b"\0") if fresh else packed
        while packed or not (fresh or unpacker.needs_input):
            try:
                block = unpacker.decompress(packed, _BLOCK)
            except (OSError, lzma.LZMAError):
                raise _corrupt(codec, file.tell() - len(packed)) from None
            packed, fresh = b"", False
            if block:
                yield block
            if unpacker.eof:
                packed, unpacker, fresh = unpacker.unused_data.lstrip(b"\0"), make(), True
    if not fresh:
        raise _truncated(codec, file.tell())


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    unpacker, fresh = _unzstd(), True
    while packed := file.read(_ZSTD_BLOCK):
        while packed:
            try:
                block = unpacker.decompress(packed)
            except zstandard.ZstdError:
                raise _zstd_fault(packed if fresh else b"", file.tell() - len(packed)) from None
            fresh, packed = False, b""
            if block:
                yield block
            if unpacker.eof:
                packed, unpacker, fresh = unpacker.unused_data, _unzstd(), True
    if not fresh:
        raise _truncated("zstd", file.tell())


def _unzstd() -> zstandard.ZstdDecompressionObj:
    return zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES).decompressobj()


def _zstd_fault(head: bytes, place: int) -> Unreadable:
    """Why a frame that begins with ``head`` cannot be unpacked, as far as it says so itself."""
    window = _zstd_window(head)
    if window > _MAX_WINDOW_BYTES:
        message = f"a frame asks for a window of {window:,} bytes; at most {_MAX_WINDOW_BYTES:,} are given"
        return Unreadable("zstd_window_too_large", f"{message}; pack the file anew without --ultra --long")
    try:
        needs_dictionary = zstandard.get_frame_parameters(head).dict_id != 0
    except zstandard.ZstdError:
        return _corrupt("zstd", place)
    if needs_dictionary:
        return Unreadable("zstd_needs_dictionary", "packed with a dictionary that is not in the file; unpack it with zstd -D first")
    return _corrupt("zstd", place)


def _zstd_window(head: bytes) -> int:
    """The window that a frame asks for (RFC 8878, section 3.1.1.1.2), which zstandard does not tell where it is too large; 0 where it names none."""
    if len(head) <= _ZSTD_WINDOW or not head.startswith(zstandard.FRAME_HEADER) or head[_ZSTD_WINDOW - 1] & _ZSTD_SINGLE_SEGMENT:
        return 0
    exponent, mantissa = divmod(head[_ZSTD_WINDOW], 8)
    return (1 << (10 + exponent)) * (8 + mantissa) // 8


def _corrupt(codec: str, place: int, member: int | None = None) -> Unreadable:
    return Unreadable(f"corrupt_{codec}", f"not {codec}, or damaged, near byte {place} of the packed file", member, place)


def _truncated(codec: str, place: int, member: int | None = None) -> Unreadable:
    return Unreadable(f"truncated_{codec}", f"the packed file ends at byte {place}, in the middle of its data", member)


_UNPACK: Final[dict[str, Callable[[BinaryIO], Iterator[bytes]]]] = {
    "plain": _plain,
    "gzip": _gzip,
    "zstd": _zstd,
    "bzip2": _bzip2,
    "xz": _xz,
}
