"""Sources in which a file is a document: what they share."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.sources.base import Fault, Record
from pipelines.sources.listing import Files
from pipelines.sources.origins import check_origin, origin_of
from pipelines.sources.unpacking import MAX_RECORD_BYTES, MAX_UNPACKED_RATIO, Unreadable, check_bounds, codec_of, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.sources.base import Unit


@dataclass(frozen=True, kw_only=True)
class WholeFiles(Files):
    """The key of a document is its path below the folder, its origin the folder that holds it."""

    kind: str = "text"  # kind of every document
    license: str = ""  # licence of every document
    origin: str = "folder"  # what the split keeps together: host, folder or document
    max_record_bytes: int = MAX_RECORD_BYTES  # a larger file is set aside
    max_unpacked_ratio: int = MAX_UNPACKED_RATIO  # a file that unpacks to more than this many times its size is no document but a bomb

    def __post_init__(self) -> None:
        """Rejects origins that a file has not, and bounds below 1."""
        check_origin(self.origin)
        check_bounds(max_record_bytes=self.max_record_bytes, max_unpacked_ratio=self.max_unpacked_ratio)

    def read(self, unit: Unit) -> Iterator[Record | Fault]:
        """One record or one fault."""
        try:
            data, size = whole(self.located(unit), self.max_record_bytes, self.max_unpacked_ratio)
        except Unreadable as broken:
            yield Fault(file=unit.name, error=broken.error, message=broken.message, num_bytes=unit.num_bytes)
            return
        text = self.text_of(unit, data)
        if isinstance(text, Fault):
            yield text
            return
        yield Record(
            key=unit.name, text=text, kind=self.kind, origin=origin_of(self.origin, key=unit.name, file=unit.name, url=None),
            file=unit.name, codec=codec_of(unit.name), offset=0, length=size, license=self.license or None,
        )  # fmt: skip

    @abstractmethod
    def text_of(self, unit: Unit, data: bytes) -> str | Fault:
        """The text of a file's unpacked bytes, or why they have none."""
