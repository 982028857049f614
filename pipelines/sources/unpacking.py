"""Bytes of packed files in bounded memory, with what a hostile or broken file does to them named.

A file unpacks piece by piece; what stands before a break is given first, and then ``Unreadable`` says where and why. The bounds are
those that zip tools settled on: a record of at most 16 MiB, and no more than a hundredfold of the packed size past the first mebibyte.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

MAX_RECORD_BYTES: Final = 16 << 20
MAX_UNPACKED_RATIO: Final = 100
GRACE_BYTES: Final = 1 << 20
_BLOCK: Final = 1 << 20
_PACKED_BLOCK: Final = 1 << 16
_ZSTD_BLOCK: Final = 2048  # 4 bytes of zstd may unpack to 128 KiB and its decoder takes no bound: 64 MiB is the most that one block can give
_GZIP: Final = 31  # zlib's number for "expect a gzip header"


class Unreadable(Exception):
    """The rest of a stream cannot be read. Never leaves the package: a source turns it into a Fault."""

    def __init__(self, error: str, message: str) -> None:
        """``error`` is the class of the fault; ``message`` never holds bytes of the file."""
        super().__init__(message)
        self.error = error
        self.message = message


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an unpacked stream; ``data`` is None where it is longer than allowed."""

    offset: int
    length: int
    data: bytes | None


def codec_of(name: str) -> str:
    """How a file is packed, by its name.

    >>> codec_of("a.jsonl.gz"), codec_of("a.jsonl")
    ('gzip', 'plain')
    """
    return {"gz": "gzip", "zst": "zstd"}.get(name.rpartition(".")[2], "plain")


def blocks(path: Path, codec: str, max_ratio: int) -> Iterator[bytes]:
    """The unpacked bytes in order.

    Raises:
        Unreadable: truncated_gzip, corrupt_gzip, truncated_zstd, corrupt_zstd, unpacked_too_large or unreadable_file.
    """
    unpack = {"gzip": gzip_blocks, "zstd": _zstd, "plain": _plain}[codec]
    try:
        with path.open("rb") as file:
            given = 0
            for block in unpack(file):
                given += len(block)
                if codec != "plain" and given > GRACE_BYTES and given > max_ratio * file.tell():
                    raise Unreadable(
                        "unpacked_too_large", f"unpacks to more than {max_ratio} times its size; raise max_unpacked_ratio if you trust it"
                    )
                yield block
    except OSError as error:
        raise Unreadable("unreadable_file", f"cannot be read ({type(error).__name__})") from None


def lines(stream: Iterator[bytes], max_bytes: int) -> Iterator[Line]:
    """Lines without their newline. A line over the bound is passed by, counted and not held.

    Raises:
        Unreadable: as ``blocks``; the unfinished line before the break is not given, since nobody knows how it ends.
    """
    held: list[bytes] = []
    size = offset = 0
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


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def gzip_blocks(file: BinaryIO) -> Iterator[bytes]:
    """The unpacked bytes of the gzip members from the file's position on.

    Raises:
        Unreadable: truncated_gzip or corrupt_gzip.
    """
    unpacker, fresh = zlib.decompressobj(_GZIP), True
    while packed := file.read(_PACKED_BLOCK):
        while packed:
            try:
                block = unpacker.decompress(packed, _BLOCK)
            except zlib.error:
                raise Unreadable("corrupt_gzip", f"not gzip, or damaged, near byte {file.tell() - len(packed)} of the packed file") from None
            fresh = False
            if block:
                yield block
            packed = unpacker.unconsumed_tail
            if unpacker.eof:  # a file may be several gzip members, and padding of zeros may follow
                packed = unpacker.unused_data.lstrip(b"\0")
                unpacker, fresh = zlib.decompressobj(_GZIP), True
    if not fresh:
        raise Unreadable("truncated_gzip", f"the packed file ends at byte {file.tell()}, in the middle of its data")


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    unpacker, fresh = zstandard.ZstdDecompressor().decompressobj(), True
    while packed := file.read(_ZSTD_BLOCK):
        while packed:
            try:
                block = unpacker.decompress(packed)
            except zstandard.ZstdError:
                raise Unreadable("corrupt_zstd", f"not zstd, or damaged, near byte {file.tell() - len(packed)} of the packed file") from None
            fresh, packed = False, b""
            if block:
                yield block
            if unpacker.eof:
                packed = unpacker.unused_data
                unpacker, fresh = zstandard.ZstdDecompressor().decompressobj(), True
    if not fresh:
        raise Unreadable("truncated_zstd", f"the packed file ends at byte {file.tell()}, in the middle of its data")
