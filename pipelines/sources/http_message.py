"""An HTTP response as an archive holds it: what browsers and warcio make of it when its headers do not say the truth.

A body that is plain beneath a header that says chunked or compressed is taken as it stands, as are encodings that nobody knows; media types ignore
case; a body without a type is sniffed (WHATWG MIME Sniffing, sections 3, 4.2 and 7.1). What breaks in the middle of its data is refused: half a page
must not pass for a whole one.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import brotli
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_STATUS: Final = re.compile(rb"\s*(?:HTTP(?:/\d+(?:\.\d+)?)?|ICY)\s+(\d{3})(?!\d)", re.IGNORECASE)
_CHUNK: Final = re.compile(rb"[ \t]*([0-9a-fA-F]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([^\s"';,]+)""", re.IGNORECASE)
_BINARY: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_HTML: Final = re.compile(
    rb"[\t\n\x0c\r ]*<(?:(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[ >]|!--)", re.IGNORECASE
)
_MARKS: Final = (b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe")
_SNIFFED: Final = 1445
_BLOCK: Final = 1 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_STEP: Final = 1 << 12  # what is left of a piece is copied once a member, and the smallest members have 20 bytes
_MAX_HEAD_BYTES: Final = 1 << 20
_MAX_ENCODINGS: Final = 10
_ZSTD_STEP: Final = 2048  # its decoder takes no bound on what it gives: 64 MiB at most for so little


class BadMessage(Exception):
    """A message that cannot be read. Never leaves the package: a source turns it into a Fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Status, headers by lower-case name (repeats joined by commas), and the body as it was sent."""

    status: int
    headers: Mapping[str, str]
    sent: bytes

    @property
    def media_type(self) -> str:
        """The last media type that the headers name, in lower case; "" where they name none."""
        named = [one.partition(";")[0].strip().lower() for one in self.headers.get("content-type", "").split(",")]
        return next((one for one in reversed(named) if "/" in one and one != "*/*"), "")

    @property
    def charset(self) -> str | None:
        """The encoding that the headers name."""
        found = _CHARSET.search(self.headers.get("content-type", ""))
        return found[1].lower() if found else None

    def body(self, max_bytes: int) -> bytes:
        """The body with its transfer and content encodings undone.

        Raises:
            OverflowError: it has more than ``max_bytes``.
            BadMessage: an encoding breaks in the middle of its data, or there are too many.
        """
        body = _dechunked(self.sent) if "chunked" in self.headers.get("transfer-encoding", "").lower() else self.sent
        names = self.headers.get("content-encoding", "").lower().split(",")
        if len(names) > _MAX_ENCODINGS:
            raise BadMessage(f"it claims {len(names):,} encodings, one upon the other; at most {_MAX_ENCODINGS} are undone")
        for name in reversed(names):
            body = _decoded(body, name.strip(), max_bytes)
        if len(body) > max_bytes:
            raise OverflowError
        return body


def is_response(block: bytes) -> bool:
    """Whether a block begins as a response does."""
    return bool(_STATUS.match(block))


def parsed(block: bytes) -> Response | None:
    """The response in a block; None where the block does not begin as one.

    Raises:
        BadMessage: its headers do not end within what is read of them.
    """
    status = _STATUS.match(block)
    if not status:
        return None
    end = _HEAD_END.search(block, 0, _MAX_HEAD_BYTES)
    if not end and len(block) > _MAX_HEAD_BYTES:
        raise BadMessage(f"its headers take more than {_MAX_HEAD_BYTES:,} bytes")
    head, sent = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    return Response(status=int(status[1]), headers=fields_of(head), sent=sent)


def fields_of(head: bytes) -> dict[str, str]:
    """Header fields by lower-case name, the first line left out; a line that begins with a blank goes on with the one before."""
    found: dict[str, list[str]] = {}  # pieces, joined once: a field may go on or be repeated a million times
    last = ""
    for line in head.splitlines()[1:]:
        text = _text(line)
        name, colon, value = text.partition(":")
        if text[:1] in {" ", "\t"} and last:
            found[last] += [" ", text.strip()]
        elif colon:
            last = name.strip().lower()
            pieces = found.setdefault(last, [])
            pieces += [", ", value.strip()] if pieces else [value.strip()]
    return {name: "".join(pieces) for name, pieces in found.items()}


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def looks_like_html(body: bytes) -> bool:
    """Whether a body without a type begins as a page does."""
    return bool(_HTML.match(body[3:] if body.startswith(_MARKS[0]) else body))


def looks_like_text(body: bytes) -> bool:
    """Whether a body begins with bytes that texts have."""
    return body.startswith(_MARKS) or not _BINARY.search(body, 0, _SNIFFED)


def _dechunked(body: bytes) -> bytes:
    """The chunks of a body joined; the body itself where it does not begin with one, as warcio has it."""
    chunks: list[bytes] = []
    place = 0
    while head := _CHUNK.match(body, place):
        size = int(head[1], 16)
        if not size:
            return b"".join(chunks)
        chunk = body[head.end() : head.end() + size]
        if len(chunk) < size:
            break
        chunks.append(chunk)
        place = head.end() + size
        place += 2 if body.startswith(b"\r\n", place) else body.startswith(b"\n", place)
    if not chunks or looks_like_html(body):
        return body
    if place >= len(body):  # all chunks are there, but for the empty one at the end
        return b"".join(chunks)
    raise BadMessage("a chunk is cut short or does not begin as one")


def _decoded(body: bytes, name: str, max_bytes: int) -> bytes:
    unpack = _UNPACK.get(name)
    if unpack is None or not body:
        return body
    held, size, fault = [], 0, ""
    try:
        for block in unpack(body):
            held.append(block)
            size += len(block)
            if size > max_bytes:
                raise OverflowError
    except (zlib.error, brotli.error, zstandard.ZstdError, EOFError) as error:
        fault = type(error).__name__
    if not fault:
        return b"".join(held)
    if looks_like_html(body) or (not size and looks_like_text(body)):
        return body
    raise BadMessage(f"its {name} data breaks off or is damaged ({fault})")


def _zlib(body: bytes, *wbits: int) -> Iterator[bytes]:
    """Blocks of the first of the formats that the body begins in."""
    for number, bits in enumerate(wbits):
        unpacker, packed, given = zlib.decompressobj(bits), body, False
        try:
            while packed and not unpacker.eof:
                block = unpacker.decompress(packed, _BLOCK)
                given = given or bool(block)
                yield block
                packed = unpacker.unconsumed_tail
        except zlib.error:
            if given or number == len(wbits) - 1:
                raise
            continue
        if not unpacker.eof:
            raise EOFError
        return


def _gzip(body: bytes) -> Iterator[bytes]:
    """Blocks of all members; what follows the last one is no member, and not read."""
    place = 0
    while not place or body.startswith(_GZIP_MAGIC, place):
        unpacker = zlib.decompressobj(31)
        while not unpacker.eof:
            packed = body[place : place + _GZIP_STEP]
            if not packed:
                raise EOFError
            place += len(packed)
            while packed and not unpacker.eof:
                yield unpacker.decompress(packed, _BLOCK)
                packed = unpacker.unconsumed_tail
        place -= len(unpacker.unused_data)


def _deflate(body: bytes) -> Iterator[bytes]:
    return _zlib(body, 15, -15)  # with its header as the standard says, or raw as servers send it


def _brotli(body: bytes) -> Iterator[bytes]:
    unpacker = brotli.Decompressor()
    yield unpacker.process(body, output_buffer_limit=_BLOCK)
    while not unpacker.can_accept_more_data():
        yield unpacker.process(b"", output_buffer_limit=_BLOCK)
    if not unpacker.is_finished():
        raise EOFError


def _zstd(body: bytes) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=8 << 20).decompressobj()  # RFC 9659: a window of at most 8 MiB
    for start in range(0, len(body), _ZSTD_STEP):
        yield unpacker.decompress(body[start : start + _ZSTD_STEP])
        if unpacker.eof:
            return
    raise EOFError


_UNPACK: Final[dict[str, Callable[[bytes], Iterator[bytes]]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
