"""Text files: one file, one document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from pipelines.sources.base import Fault, Record, sources
from pipelines.sources.listing import files_below, fingerprints, located
from pipelines.sources.unpacking import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator


@sources("text")
@dataclass(frozen=True, kw_only=True)
class Text:
    """UTF-8 files below a folder, each a document; its key is its path below the folder, its origin the folder that holds it."""

    version: ClassVar[int] = 1
    path: Path  # a folder that is searched for files, or one file
    patterns: tuple[str, ...] = ("*.txt", "*.md", "*.rst")  # names of the files that are read
    kind: str = "text"  # kind of every document
    license: str = ""  # licence of every document
    max_record_bytes: int = MAX_RECORD_BYTES  # a larger file is set aside

    def units(self) -> list[str]:
        """Files relative to the path, sorted."""
        return files_below(self.path, self.patterns)

    def fingerprint(self) -> dict[str, str]:
        """Size and time of change of each file."""
        return fingerprints(self.path, self.units())

    def read(self, unit: str) -> Iterator[Record | Fault]:
        """One record or one fault."""
        try:
            path = located(self.path, unit)
            size = path.stat().st_size
            data = path.read_bytes() if size <= self.max_record_bytes else b""
        except OSError as error:
            yield Fault(file=unit, error="unreadable_file", message=f"cannot be read ({type(error).__name__})")
            return
        yield self._document(unit, data, size)

    def _document(self, unit: str, data: bytes, size: int) -> Record | Fault:
        if size > self.max_record_bytes:
            message = f"a file of {size:,} bytes; at most {self.max_record_bytes:,} are read (max_record_bytes)"
            return Fault(file=unit, error="record_too_large", message=message, num_bytes=size)
        if b"\0" in data:  # text has no NUL bytes; UTF-16 has, and every binary format
            message = f"a NUL byte at byte {data.index(0)}: not a text in UTF-8"
            return Fault(file=unit, error="binary", message=message, offset=data.index(0), num_bytes=size)
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            return Fault(file=unit, error="invalid_utf8", message=f"byte {error.start} is not UTF-8", offset=error.start, num_bytes=size)
        folder = PurePosixPath(unit).parent.as_posix()
        return Record(
            key=unit, text=text, kind=self.kind, origin=unit if folder == "." else folder,
            file=unit, codec="plain", offset=0, length=size, license=self.license or None,
        )  # fmt: skip
