"""What a source is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, runtime_checkable

import pyarrow as pa

from pipelines.contract.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A document as read, and where. ``key`` is unique in the source and says nothing of order; ``file`` is relative to its root."""

    key: str
    text: str = field(repr=False)  # private: an error or a log that shows a record must not show it
    kind: str
    origin: str
    file: str
    codec: str
    offset: int
    length: int | None = None
    url: str | None = None
    license: str | None = None
    created_at: datetime | None = None


# A row of ``Records`` is a record; what all of them have in common stands beside the columns.
RECORDS: Final = pa.schema([
    ("key", pa.string()), ("text", pa.string()), ("kind", pa.string()), ("origin", pa.string()), ("offset", pa.int64()), ("length", pa.int64()),
    ("url", pa.string()), ("license", pa.string()), ("created_at", pa.timestamp("us", "UTC")),
])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Several documents of one file as columns (``RECORDS``), in order, each at a place of its own."""

    columns: pa.RecordBatch = field(repr=False)
    file: str
    codec: str

    def one_by_one(self) -> Iterator[Record]:
        """Each of them."""
        for row in self.columns.to_pylist():
            yield Record(**row, file=self.file, codec=self.codec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Input that could not be used. ``error`` is a snake_case class of fault; ``message`` never holds text of the input."""

    file: str
    error: str
    message: str
    offset: int | None = None
    num_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Input that is no document and was passed by: a file that was not opened, or records of a file, counted by ``reason`` (snake_case)."""

    file: str
    reason: str
    num_records: int | None = None  # None: the file was not opened
    num_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Unit:
    """A piece of a source that may be read apart: a file or a named group of files, or the range [start, end) of one in a unit of its format."""

    name: str
    start: int = 0
    end: int | None = None  # None: to the end
    num_bytes: int = 0  # about how much there is to read, so that work can be shared out before any is done


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One look at what lies below a source: what it will read, what it passes by, and how the files looked at that moment."""

    units: tuple[Unit, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    fingerprints: Mapping[str, str] = field(default_factory=dict)  # by a unit's name; changes when its bytes do


SPLIT_BYTES: Final = 64 << 20


class Source(Protocol):
    """Reads documents. Fields are its parameters (paths, caps, names of columns).

    Laws of every source: units come in a fixed order and do not overlap; a unit read twice gives the same records in the same order; what cannot
    be read is a Fault, what is no document is Skipped, nothing is an exception and nothing is silence; what stands before a fault in a unit is still
    given; where a file is cut into units decides nothing.
    """

    version: ClassVar[int]

    def look(self, split_bytes: int = SPLIT_BYTES) -> Listing:
        """What there is to read. Files that allow it are cut into ranges of about ``split_bytes``.

        Raises:
            InputError: the root does not exist or cannot be listed.
        """
        ...

    def read(self, unit: Unit) -> Iterator[Record | Fault | Skipped]:
        """What is in one unit, in the order of the bytes."""
        ...

    def takes(self) -> tuple[str, ...]:
        """Patterns of the file names that it reads, for messages; none where it reads no folder of files."""
        ...


@runtime_checkable
class ReadsColumns(Protocol):
    """A source whose records come in columns anyway; the texts of such records never become Python strings."""

    def read_columns(self, unit: Unit) -> Iterator[Records | Record | Fault | Skipped]:
        """The same as ``read``, in the same order, some of the records together."""
        ...


def reader_of(source: Source) -> Callable[[Unit], Iterator[Records | Record | Fault | Skipped]]:
    """What reads a unit of a source, in columns where it has them."""
    return source.read_columns if isinstance(source, ReadsColumns) else source.read


sources: Final[Registry[Source]] = Registry("source", "pipelines.sources")
