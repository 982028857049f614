"""WARC (ISO 28500): the text of HTML responses, and the text of WET conversion records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from pipelines.sources.archive import Archive, Damage, Entry
from pipelines.sources.base import Fault, Record, Skipped, Unit, sources
from pipelines.sources.extractors.base import Extractor, extractors
from pipelines.sources.extractors.resiliparse import Resiliparse
from pipelines.sources.fields import Unusable
from pipelines.sources.http_message import BadMessage, is_response, looks_like_html, parsed
from pipelines.sources.listing import Files
from pipelines.sources.origins import check_origin, origin_of
from pipelines.sources.pages import TooDeep
from pipelines.sources.unpacking import MAX_RECORD_BYTES, MAX_UNPACKED_RATIO, check_bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_OTHER_TYPES: Final = frozenset({"warcinfo", "request", "metadata", "revisit", "resource", "continuation"})


@sources("warc")
@dataclass(frozen=True, kw_only=True)
class Warc(Files):
    """Records of WARC and WET files, packed or plain.

    Documents are HTML responses with status 200, reduced to their text by an extractor, and conversion records. Requests, revisits, metadata,
    redirects and files that are no pages are passed by, and counted. The key is the WARC-Record-ID, the offset the place in the file where the
    record, or the gzip member that holds it, begins: a reader may seek there. Memory holds two records of at most ``max_record_bytes``, before and
    after the page's own content encoding is undone.
    """

    version: ClassVar[int] = 3
    own_patterns: ClassVar[tuple[str, ...]] = ("*.warc", "*.wet")
    extractor: Annotated[Extractor, extractors] = field(default_factory=Resiliparse)  # what finds the text of a page
    kind: str = "page"  # kind of every document
    license: str = ""  # licence of every document
    origin: str = "host"  # what the split keeps together: host, folder or document
    max_record_bytes: int = MAX_RECORD_BYTES  # a larger record is set aside

    def __post_init__(self) -> None:
        """Rejects origins that a record has not, and bounds below 1."""
        check_origin(self.origin)
        check_bounds(max_record_bytes=self.max_record_bytes)

    def read(self, unit: Unit) -> Iterator[Record | Fault | Skipped]:
        """A record, a fault or a reason for each record of the file, and a fault for each stretch that is none."""
        for met in Archive(self.located(unit), self.max_record_bytes, MAX_UNPACKED_RATIO):
            if isinstance(met, Damage):
                yield Fault(file=unit.name, error=met.error, message=met.message, offset=met.offset, num_bytes=met.num_bytes)
            else:
                yield self._read(unit.name, met)

    def _read(self, file: str, entry: Entry) -> Record | Fault | Skipped:
        kind = _kind_of(entry)
        reason, text = "" if kind in {"response", "conversion"} else kind, ""
        try:
            if not reason:
                text, reason = self._text(entry, is_page=kind == "response")
        except Unusable as fault:
            return Fault(file=file, error=fault.error, message=fault.message, offset=entry.offset, num_bytes=entry.num_bytes)
        return Skipped(file=file, reason=reason, num_records=1, num_bytes=entry.num_bytes) if reason else self._record(file, entry, text)

    def _text(self, entry: Entry, *, is_page: bool) -> tuple[str, str]:
        """The text of a record, or why it is no document.

        Raises:
            Unusable: it should be one, but cannot be read.
        """
        if entry.block is None:
            message = f"a record of {entry.num_bytes:,} bytes; at most {self.max_record_bytes:,} are read (max_record_bytes)"
            raise Unusable("record_too_large", message)
        try:
            return self._page(entry.block) if is_page else (entry.block.decode(), "")
        except UnicodeDecodeError as error:
            raise Unusable("invalid_utf8", f"byte {error.start} of a conversion record is not UTF-8") from None
        except TooDeep as deep:
            raise Unusable("nested_too_deep", str(deep)) from None
        except OverflowError:
            raise Unusable("record_too_large", f"the page unpacks to more than {self.max_record_bytes:,} bytes (max_record_bytes)") from None
        except BadMessage as bad:
            raise Unusable("bad_page", f"the HTTP message cannot be read: {bad}") from None
        except (ValueError, LookupError, RuntimeError) as error:
            raise Unusable("bad_page", f"the page cannot be read as HTML ({type(error).__name__})") from None

    def _page(self, block: bytes) -> tuple[str, str]:
        """The text of a response, or why it is no document."""
        response = parsed(block)
        if response is None:
            raise BadMessage("it does not begin with a status line")
        if response.status != _OK:
            return "", "redirect" if response.status in _REDIRECTS else "status_not_200"
        kind = response.media_type
        if kind and kind not in _HTML:
            return "", "not_html"
        html = response.body(self.max_record_bytes)
        if not kind and not looks_like_html(html):
            return "", "not_html"
        return self.extractor.text(html, response.charset), ""

    def _record(self, file: str, entry: Entry, text: str) -> Record:
        url = entry.fields.get("warc-target-uri", "").strip("<>") or None  # wget puts it in angle brackets
        place = f"{file}:{entry.offset}" + (f"+{entry.nth}" if entry.nth else "")
        key = entry.fields.get("warc-record-id") or place
        return Record(
            key=key, text=text, kind=self.kind, origin=origin_of(self.origin, key=key, file=file, url=url), file=file, codec="warc",
            offset=entry.offset, length=None, url=url, license=self.license or None, created_at=_date(entry.fields.get("warc-date", "")),
        )  # fmt: skip


def _kind_of(entry: Entry) -> str:
    """The record's type in lower case, the first where it is written twice; without one, what its block shows; else why it is passed by."""
    named = entry.fields.get("warc-type", "").partition(",")[0].strip().lower()
    if named in {"response", "conversion"}:
        is_http = entry.fields.get("content-type", "application/http").lower().startswith("application/http")
        return named if is_http or named == "conversion" or is_response(entry.block or b"") else "not_http"
    if named:
        return named if named in _OTHER_TYPES else "unknown_type"
    return "response" if is_response(entry.block or b"") else "no_type"


def _date(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # a record is not lost for its date; the first and last days of the calendar have no UTC in every zone
        return None
