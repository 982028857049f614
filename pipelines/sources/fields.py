"""A row of fields (a JSON object, a Parquet row) as a Record: which field is the text, which the key, and what may be wrong with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sources.base import RECORDS, Fault, Record, Records
from pipelines.sources.origins import ORIGINS, origin_of
from pipelines.sources.unpacking import MAX_RECORD_BYTES, check_bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN_NAMES: Final = 12
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")
_DIGIT: Final = re.compile(r"[0-9]")
_MOST_DIGITS: Final = 4  # a year; a telephone number has more
# A time as a number is in seconds; from here on (the year 5138) it is in milliseconds, a thousand times further in microseconds, then nanoseconds.
_LATEST_S: Final = 10**11
_FEWEST_DIGITS: Final = 9  # of a string that is such a number: eight would be a date without dashes


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
    """Names of the fields to read; an empty name reads none, and ``meta.url`` is the field ``url`` of the object ``meta``.

    Several texts (``text = ["title", "body"]``) are joined by a blank line; those that are missing or empty are left out. Without ``key`` the key of
    a record is its file and place. ``origin`` is "host", "folder" or "document", or the name of a field; a record that belongs to a ``thread`` has
    the thread as its origin where nothing else was asked for, and else the url's host; without any of them it stands alone.
    """

    text: str | tuple[str, ...] = "text"  # field of the text
    key: str = ""  # field of a key that is unique in the source; without one, the key is the file and the place in it
    kind: str = ""  # field of the kind of text, as page or code
    url: str = ""  # field of the address
    license: str = ""  # field of the licence
    created_at: str = ""  # field of the time at which the text was written
    thread: str = ""  # field of the thread that a record belongs to
    origin: str = ""  # field of what the split keeps together; without one, the host of the url, else the record itself
    default_kind: str = "text"  # kind of a record that names none
    default_license: str = ""  # licence of a record that names none
    max_record_bytes: int = MAX_RECORD_BYTES  # a larger record is set aside

    def __post_init__(self) -> None:
        """Rejects texts that are no names, and bounds below 1."""
        check_bounds(max_record_bytes=self.max_record_bytes)
        names = [self.text] if isinstance(self.text, str) else self.text
        if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) and name for name in names):
            raise ValueError(f"text: expected the name of a field or a list of names, got {self.text!r}")
        object.__setattr__(self, "text", self.text if isinstance(self.text, str) else tuple(names))

    @property
    def texts(self) -> tuple[str, ...]:
        """The fields of the text, in order."""
        return (self.text,) if isinstance(self.text, str) else self.text

    @property
    def names(self) -> list[str]:
        """The fields that are read, each once."""
        of_origin = "" if self.origin in ORIGINS else self.origin
        return sorted({*self.texts, self.key, self.kind, self.url, self.license, self.created_at, self.thread, of_origin} - {""})

    def read_row(self, row: Mapping[str, Any], place: Place) -> Record | Fault:
        """The row as a record, or what is wrong with it."""
        try:
            return self._record(row, place)
        except Unusable as fault:
            return Fault(file=place.file, error=fault.error, message=fault.message, offset=place.offset, num_bytes=place.num_bytes)

    def read_batch(self, rows: pa.RecordBatch, file: str, codec: str, first: int) -> Records | None:
        """Rows numbered from ``first`` as records; None where one of them needs a look of its own, or a field is no plain column."""
        names = [name for name in self.names if name != self.created_at]
        columns = {name: column for name in names if (column := plain_column(rows, name, is_text=name in self.texts)) is not None}
        if len(self.texts) > 1 or len(columns) < len(names):
            return None
        text = columns[self.texts[0]]
        key = columns[self.key] if self.key else pa.array([f"{file}:{place}" for place in range(first, first + len(rows))], pa.string())
        is_whole = not text.null_count and not key.null_count and not pc.any(pc.equal(key, "")).as_py()
        times = self._times(rows)
        if not is_whole or times is None or (pc.max(pc.binary_length(text)).as_py() or 0) > self.max_record_bytes:
            return None
        named = {name: _filled(column) for name, column in columns.items()} | {"": pa.nulls(len(rows), pa.string())}
        found = {
            "key": key, "text": text, "kind": pc.coalesce(named[self.kind], self.default_kind), "url": named[self.url],
            "license": pc.coalesce(named[self.license], pa.scalar(self.default_license or None, pa.string())),
            "origin": self._origins(named, key, file), "created_at": times,
            "offset": pa.array(range(first, first + len(rows)), pa.int64()), "length": pa.array([1] * len(rows), pa.int64()),
        }  # fmt: skip
        return Records(columns=pa.RecordBatch.from_arrays([found[name] for name in RECORDS.names], schema=RECORDS), file=file, codec=codec)

    def _origins(self, named: Mapping[str, pa.Array], key: pa.Array, file: str) -> pa.Array:
        by = self.origin if self.origin in ORIGINS else "host"
        asked = named[""] if self.origin in ORIGINS else pc.coalesce(named[self.origin], named[self.thread])
        if not asked.null_count:
            return asked
        places = zip(asked.to_pylist(), key.to_pylist(), named[self.url].to_pylist(), strict=True)
        return pa.array([one or origin_of(by, key=own, file=file, url=url) for one, own, url in places], pa.string())

    def _times(self, rows: pa.RecordBatch) -> pa.Array | None:
        """The times of rows; None where one of them is none."""
        kind = RECORDS.field("created_at").type
        if not self.created_at:
            return pa.nulls(len(rows), kind)
        if rows.schema.names.count(self.created_at) != 1:
            return None
        try:
            return pa.array(list(map(_time, rows.column(self.created_at).to_pylist())), kind)
        except (Unusable, ValueError, OverflowError):  # which of them, and why, is seen when they are read one by one
            return None

    def _record(self, row: Mapping[str, Any], place: Place) -> Record:
        text = self._text(row)
        key = _named(row, self.key) if self.key else f"{place.file}:{place.offset}"
        if key is None:
            raise Unusable("missing_key", f"the field {self.key!r} is missing or empty; name another key, or none")
        url = _named(row, self.url)
        return Record(
            key=key, text=text, kind=_named(row, self.kind) or self.default_kind,
            origin=self._origin(row, key, place.file, url),
            file=place.file, codec=place.codec, offset=place.offset, length=place.length,
            url=url, license=_named(row, self.license) or self.default_license or None,
            created_at=_time(value_of(row, self.created_at)) if self.created_at else None,
        )  # fmt: skip

    def _origin(self, row: Mapping[str, Any], key: str, file: str, url: str | None) -> str:
        if self.origin in ORIGINS:
            return origin_of(self.origin, key=key, file=file, url=url)
        return _named(row, self.origin) or _named(row, self.thread) or origin_of("host", key=key, file=file, url=url)

    def _text(self, row: Mapping[str, Any]) -> str:
        values = {name: value_of(row, name) for name in self.texts}
        for name, value in values.items():
            if value is not None and not isinstance(value, str):
                raise Unusable("text_not_a_string", f"the field {name!r} holds a {type(value).__name__}, not a string")
        found = [value for value in values.values() if value is not None]
        if not found:
            raise Unusable("missing_text", self._missing(row))
        text = found[0] if len(values) == 1 else "\n\n".join(filter(None, found))
        if _num_bytes(text, " + ".join(values)) > self.max_record_bytes:
            raise Unusable("record_too_large", f"the text has more than {self.max_record_bytes:,} bytes (max_record_bytes)")
        return text

    def _missing(self, row: Mapping[str, Any]) -> str:
        names = " or ".join(map(repr, self.texts))
        if any(is_there(row, name) for name in self.texts):
            return f"the field {names} is null"
        return f"no field {names}; the row has {shown(row)}"


def plain_column(rows: pa.RecordBatch, name: str, *, is_text: bool) -> pa.Array | None:
    """A column of strings as Python would show its values; None where there is none, or its values are not to be had all at once.

    Numbers show as strings where they are no text.
    """
    if rows.schema.names.count(name) != 1:
        return None
    column = rows.column(name)
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or (pa.types.is_integer(kind) and not is_text)):
        return None
    try:
        found = column.cast(pa.string())
        found.validate(full=True)
    except pa.ArrowInvalid:  # bytes that are not UTF-8, or more than two gigabytes: reading row by row says which
        return None
    return found


def _filled(column: pa.Array) -> pa.Array:
    """A column with nothing in the place of empty strings."""
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def value_of(row: Mapping[str, Any], name: str) -> Any:
    """A field's value, None where there is none; ``a.b`` is the field of that name, or else the field ``b`` of the object ``a``.

    >>> value_of({"meta": {"url": "u"}}, "meta.url")
    'u'
    """
    if name in row or "." not in name:
        return row.get(name)
    first, _, rest = name.partition(".")
    inner = row.get(first)
    return value_of(inner, rest) if isinstance(inner, dict) else None


def is_there(row: Mapping[str, Any], name: str) -> bool:
    """Whether there is such a field, be it null."""
    first, _, rest = name.partition(".")
    inner = row.get(first)
    return name in row or (bool(rest) and isinstance(inner, dict) and is_there(inner, rest))


def shown(names: Mapping[str, Any] | list[str]) -> str:
    """Names of fields for a message: how many there are, and the first few that look like names that a program gave.

    An object may have people's addresses for names, and no message holds such a thing.
    """
    plain = [repr(str(name)) for name in names if _PLAIN_NAME.fullmatch(str(name)) and len(_DIGIT.findall(str(name))) <= _MOST_DIGITS]
    hidden = len(names) - len(plain[:_SHOWN_NAMES])
    parts = [", ".join(plain[:_SHOWN_NAMES]), f"{hidden} whose {'name is' if hidden == 1 else 'names are'} not shown" if hidden else ""]
    return f"{len(names)} field{'s' * (len(names) != 1)}: {' and '.join(filter(None, parts))}" if names else "no fields"


def _named(row: Mapping[str, Any], name: str) -> str | None:
    """A field as a string; None where there is no such field, or nothing in it."""
    value = value_of(row, name) if name else None
    if value is None or isinstance(value, (dict, list, bytes)):
        return None
    text = str(value)
    _num_bytes(text, name)
    return text or None


def _num_bytes(text: str, name: str) -> int:
    """Bytes of a text in UTF-8.

    Raises:
        Unusable: it has none.
    """
    try:
        return len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError as error:
        raise Unusable("invalid_unicode", f"the field {name!r} has half of a surrogate pair at character {error.start}") from None


def _time(value: object) -> datetime | None:
    """ISO 8601, a number since 1970 or a datetime, as UTC; without a zone it is taken as UTC.

    Raises:
        Unusable: the value is none of these.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and value.isdecimal() and len(value) >= _FEWEST_DIGITS:
            value = int(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _since_1970(value)
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        message = "the time is neither ISO 8601 nor seconds or milliseconds since 1970; name another field, or none"
        raise Unusable("bad_created_at", message) from None


def _since_1970(number: float) -> datetime:
    for divisor in (1, 1000, 1_000_000, 1_000_000_000):
        if abs(number) < _LATEST_S * divisor:
            return datetime.fromtimestamp(number / divisor, tz=UTC)
    raise ValueError
