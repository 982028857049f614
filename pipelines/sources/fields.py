"""A row of fields (a JSON object, a Parquet row) as a Record: which field is the text, which the key, and what may be wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pipelines.sources.base import Fault, Record
from pipelines.sources.unpacking import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN_NAMES: Final = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: ``offset`` and ``length`` in the unit of its format."""

    file: str
    codec: str
    offset: int
    length: int | None
    num_bytes: int = 0


class Unusable(Exception):
    """A row that is no document. Never leaves the package: a source turns it into a Fault."""

    def __init__(self, error: str, message: str) -> None:
        """``error`` is the class of the fault; ``message`` never holds a value of the row."""
        super().__init__(message)
        self.error = error
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Names of the fields to read; an empty name reads none.

    Without ``key`` the key of a record is its file and place. Without ``origin`` it is the host of the url, and without a url the record stands
    alone: its key is its origin.
    """

    text: str = "text"  # field of the text
    key: str = ""  # field of a key that is unique in the source; without one, the key is the file and the place in it
    kind: str = ""  # field of the kind of text, as page or code
    url: str = ""  # field of the address
    license: str = ""  # field of the licence
    created_at: str = ""  # field of the time at which the text was written
    origin: str = ""  # field of what the split keeps together; without one, the host of the url, else the record itself
    default_kind: str = "text"  # kind of a record that names none
    default_license: str = ""  # licence of a record that names none
    max_record_bytes: int = MAX_RECORD_BYTES  # a larger record is set aside

    @property
    def names(self) -> list[str]:
        """The fields that are read, each once."""
        return sorted({self.text, self.key, self.kind, self.url, self.license, self.created_at, self.origin} - {""})

    def read_row(self, row: Mapping[str, Any], place: Place) -> Record | Fault:
        """The row as a record, or what is wrong with it."""
        try:
            return self._record(row, place)
        except Unusable as fault:
            return Fault(file=place.file, error=fault.error, message=fault.message, offset=place.offset, num_bytes=place.num_bytes)

    def _record(self, row: Mapping[str, Any], place: Place) -> Record:
        text = self._text(row)
        key = _named(row, self.key) if self.key else f"{place.file}:{place.offset}"
        if key is None:
            raise Unusable("missing_key", f"the field {self.key!r} is missing or empty; name another key, or none")
        url = _named(row, self.url)
        return Record(
            key=key, text=text, kind=_named(row, self.kind) or self.default_kind,
            origin=_named(row, self.origin) or _host(url) or key,
            file=place.file, codec=place.codec, offset=place.offset, length=place.length,
            url=url, license=_named(row, self.license) or self.default_license or None,
            created_at=_time(row.get(self.created_at)) if self.created_at else None,
        )  # fmt: skip

    def _text(self, row: Mapping[str, Any]) -> str:
        text = row.get(self.text)
        if text is None:
            raise Unusable("missing_text", f"no field {self.text!r}; the row has {shown(row)}")
        if not isinstance(text, str):
            raise Unusable("text_not_a_string", f"the field {self.text!r} holds a {type(text).__name__}, not a string")
        if len(_utf8(text, self.text)) > self.max_record_bytes:
            raise Unusable("record_too_large", f"the text has more than {self.max_record_bytes:,} bytes (max_record_bytes)")
        return text


def shown(names: Mapping[str, Any] | list[str]) -> str:
    """Names of fields for a message: the first few, cut short, and how many there are."""
    first = ", ".join(repr(str(name)[:40]) for name in list(names)[:_SHOWN_NAMES])
    return f"{len(names)} fields: {first}" if names else "no fields"


def _named(row: Mapping[str, Any], name: str) -> str | None:
    """A field as a string; None where there is no such field, or nothing in it."""
    value = row.get(name) if name else None
    if value is None or isinstance(value, (dict, list, bytes)):
        return None
    text = str(value)
    _utf8(text, name)
    return text or None


def _utf8(text: str, name: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Unusable("invalid_unicode", f"the field {name!r} has half of a surrogate pair at character {error.start}") from None


def _host(url: str | None) -> str | None:
    try:
        return (urlsplit(url).hostname or None) if url else None
    except ValueError:  # such as an IPv6 address without its bracket: then the url has no host
        return None


def _time(value: object) -> datetime | None:
    """ISO 8601, seconds since 1970 or a datetime, as UTC; without a zone it is taken as UTC.

    Raises:
        Unusable: the value is none of these.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, tz=UTC)
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise Unusable("bad_created_at", "the time is neither ISO 8601 nor seconds since 1970; name another field, or none") from None
