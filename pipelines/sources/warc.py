"""WARC (ISO 28500): the main text of HTML responses, and the text of WET conversion records."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

from fastwarc.warc import ArchiveIterator, any_type, conversion, response

from pipelines.sources.base import Fault, Record, sources
from pipelines.sources.listing import files_below, fingerprints, located
from pipelines.sources.pages import TooDeep, main_text
from pipelines.sources.unpacking import MAX_RECORD_BYTES, Unreadable, gzip_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_WANTED: Final = (response, conversion)
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_OK: Final = 200
_CONTENT_LENGTH: Final = re.compile(rb"^content-length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)
_HEAD_BYTES: Final = 1 << 20
_MAGIC: Final = b"WARC/"
_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A record as it stands in the file. ``claimed`` is its Content-Length; ``body`` its block, None where it is not wanted or too large to hold.

    Records that were packed together have one offset, that of their gzip member; ``nth`` counts them from 0.
    """

    offset: int
    claimed: int
    warc: Any
    is_wanted: bool
    body: bytes | None
    nth: int = 0

    @property
    def is_whole(self) -> bool:
        return self.body is None or len(self.body) == self.claimed


@sources("warc")
@dataclass(frozen=True, kw_only=True)
class Warc:
    """Records of WARC and WET files, gzip-packed or plain.

    Documents are HTML responses with status 200, reduced to their main text, and conversion records; requests, revisits, metadata, redirects and
    files that are no pages are not documents. The key is the WARC-Record-ID, the offset the place in the file where the record, or the gzip member
    that holds it, begins: a reader may seek there. Memory holds two records of at most ``max_record_bytes``, before and after the page's own content
    encoding is undone.
    """

    version: ClassVar[int] = 2
    path: Path  # a file, or a folder that is searched for files
    kind: str = "page"  # kind of every document
    license: str = ""  # licence of every document
    max_record_bytes: int = MAX_RECORD_BYTES  # a larger record is set aside

    def units(self) -> list[str]:
        """Files relative to the path, sorted."""
        return files_below(self.path, ("*.warc", "*.warc.gz", "*.wet", "*.wet.gz"))

    def fingerprint(self) -> dict[str, str]:
        """Size and time of change of each file."""
        return fingerprints(self.path, self.units())

    def read(self, unit: str) -> Iterator[Record | Fault]:
        """A record or a fault a document; after damage, one fault for the rest.

        A record is given once the next one is seen or the file's end is sound: a record cut short must not pass for a whole one.
        """
        path, held, nth = located(self.path, unit), None, 0
        try:
            for found in self._found(path):
                if held is not None:
                    yield from self._document(unit, held)
                nth = nth + 1 if held is not None and held.offset == found.offset else 0
                held = replace(found, nth=nth)
            broken = _break(path, held.offset if held else 0)
        except OSError as error:  # fastwarc's one error for damage of any kind; its text may quote the file
            cut = _break(path, held.offset if held else 0)
            broken = cut or Unreadable("corrupt_warc", f"damaged, or no WARC ({type(error).__name__})")
        if held is not None and held.is_whole and (held.claimed or broken is None):  # an empty one may have lost its length
            yield from self._document(unit, held)
        if broken is not None:
            offset = held.offset if held else 0
            message = f"{broken.message}; the last record that could be read begins at byte {offset}"
            yield Fault(file=unit, error=broken.error, message=message, offset=offset)

    def _found(self, path: Path) -> Iterator[_Found]:
        for warc in ArchiveIterator(str(path), record_types=any_type, parse_http=False, fsspec_args=False):
            claimed = int(warc.content_length)
            is_wanted, body = warc.record_type in _WANTED, None
            if is_wanted and claimed <= self.max_record_bytes:
                warc.freeze()
                body = warc.reader.read(claimed)
                warc.reader.seek(0)
            yield _Found(offset=warc.stream_pos, claimed=claimed, warc=warc, is_wanted=is_wanted, body=body)

    def _document(self, unit: str, found: _Found) -> Iterator[Record | Fault]:
        def fault(error: str, message: str) -> Fault:
            return Fault(file=unit, error=error, message=message, offset=found.offset, num_bytes=found.claimed)

        if not found.is_wanted:
            return
        if found.body is None:
            yield fault("record_too_large", f"a record of {found.claimed:,} bytes; at most {self.max_record_bytes:,} are read (max_record_bytes)")
            return
        try:
            text = self._text(found)
        except UnicodeDecodeError as error:
            yield fault("invalid_utf8", f"byte {error.start} of a conversion record is not UTF-8")
        except TooDeep:
            yield fault("nested_too_deep", "the page's elements nest so deep that its text would take too long to find")
        except OverflowError:
            yield fault("record_too_large", f"the page unpacks to more than {self.max_record_bytes:,} bytes (max_record_bytes)")
        except (OSError, ValueError, LookupError, RuntimeError) as error:
            yield fault("bad_page", f"the HTTP message or its HTML cannot be read ({type(error).__name__})")
        else:
            if text is not None:
                yield self._record(unit, found, text)

    def _text(self, found: _Found) -> str | None:
        """The text of a document; None where the record is none."""
        warc = found.warc
        if warc.record_type == conversion:
            return (found.body or b"").decode()
        warc.parse_http(auto_decode="all")
        if warc.http_headers is None or warc.http_headers.status_code != _OK or warc.http_content_type not in _HTML:
            return None
        html = warc.reader.read(self.max_record_bytes + 1)
        if len(html) > self.max_record_bytes:
            raise OverflowError
        return main_text(html, warc.http_charset)

    def _record(self, unit: str, found: _Found, text: str) -> Record:
        url = (found.warc.headers.get("WARC-Target-URI") or "").strip("<>") or None  # wget puts it in angle brackets
        key = found.warc.record_id or (f"{unit}:{found.offset}+{found.nth}" if found.nth else f"{unit}:{found.offset}")
        return Record(
            key=key, text=text, kind=self.kind, origin=_host(url) or key, file=unit, codec="warc", offset=found.offset,
            length=None, url=url, license=self.license or None, created_at=found.warc.record_date,
        )  # fmt: skip


def _host(url: str | None) -> str | None:
    try:
        return (urlsplit(url).hostname or None) if url else None
    except ValueError:  # such as an IPv6 address without its bracket: then the url has no host
        return None


def _break(path: Path, offset: int) -> Unreadable | None:
    """What is wrong with a file from its last record on, if anything: fastwarc stops at a cut without a word.

    Looks at the gzip members from there, or at all of them where that is not where a member begins.
    """
    with path.open("rb") as file:
        is_packed = file.read(2) == _GZIP_MAGIC
        file.seek(offset)
        if not is_packed:
            return _plain_break(file, offset, path.stat().st_size)
        file.seek(offset if file.read(2) == _GZIP_MAGIC else 0)
        try:
            for _ in gzip_blocks(file):
                pass
        except Unreadable as broken:
            return broken
    return None


def _plain_break(file: BinaryIO, offset: int, size: int) -> Unreadable | None:
    """A record whose block is shorter than its Content-Length, or bytes after it that are no record."""
    head, end, _ = file.read(_HEAD_BYTES).partition(b"\r\n\r\n")
    if not head or not _MAGIC.startswith(head[: len(_MAGIC)]):
        return None  # nothing, or no WARC at all, which is another fault
    claimed = _CONTENT_LENGTH.search(head)
    after = offset + len(head) + len(end) + (int(claimed.group(1)) if claimed else 0)
    file.seek(after)
    if end and after <= size and not file.read(_HEAD_BYTES).strip(b"\r\n"):
        return None
    return Unreadable("truncated_warc", f"the file ends at byte {size}, in the middle of a record")
