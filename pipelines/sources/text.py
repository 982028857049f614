"""Text files: one file, one document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pipelines.sources.base import Fault, Record, Unit, sources
from pipelines.sources.listing import Files
from pipelines.sources.origins import check_origin, origin_of
from pipelines.sources.unpacking import MAX_RECORD_BYTES, MAX_UNPACKED_RATIO, Unreadable, check_bounds, codec_of, whole

if TYPE_CHECKING:
    from collections.abc import Iterator


@sources("text")
@dataclass(frozen=True, kw_only=True)
class Text(Files):
    """UTF-8 files below a folder, each a document; its key is its path below the folder, its origin the folder that holds it."""

    version: ClassVar[int] = 2
    own_patterns: ClassVar[tuple[str, ...]] = ("*.txt", "*.md", "*.rst")
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
        yield self._document(unit.name, data, size)

    def _document(self, file: str, data: bytes, size: int) -> Record | Fault:
        def fault(error: str, message: str, offset: int | None = None) -> Fault:
            return Fault(file=file, error=error, message=message, offset=offset, num_bytes=size)

        if b"\0" in data:  # text has no NUL bytes; UTF-16 has, and every binary format
            return fault("binary", f"a NUL byte at byte {data.index(0)}: not a text in UTF-8", data.index(0))
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            return fault("invalid_utf8", f"byte {error.start} is not UTF-8", error.start)
        return Record(
            key=file, text=text, kind=self.kind, origin=origin_of(self.origin, key=file, file=file, url=None),
            file=file, codec=codec_of(file), offset=0, length=size, license=self.license or None,
        )  # fmt: skip
