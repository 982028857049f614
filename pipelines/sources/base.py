"""What a source is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from pipelines.contract.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Input that could not be used. ``error`` is a snake_case class of fault; ``message`` never holds text of the input."""

    file: str
    error: str
    message: str
    offset: int | None = None
    num_bytes: int = 0


class Source(Protocol):
    """Reads documents. Fields are its parameters (paths, caps, names of columns).

    Laws of every source: units come in a fixed order and do not overlap; a unit read twice gives the same records in the same order; what cannot
    be read is a Fault, never an exception and never silence; what stands before a fault in a unit is still given.
    """

    version: ClassVar[int]

    def units(self) -> list[str]:
        """Pieces that may be read apart, mostly files relative to the root, sorted.

        Raises:
            InputError: the root does not exist or cannot be listed.
        """
        ...

    def fingerprint(self) -> dict[str, str]:
        """Something for each unit that changes when its bytes do: size and modification time will do. Part of the key of ``ingest``."""
        ...

    def read(self, unit: str) -> Iterator[Record | Fault]:
        """The records of one unit, in the order of the bytes."""
        ...


sources: Final[Registry[Source]] = Registry("source", "pipelines.sources")
