"""Text files: one file, one document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pipelines.sources.base import Fault, sources
from pipelines.sources.whole_files import WholeFiles

if TYPE_CHECKING:
    from pipelines.sources.base import Unit


@sources("text")
@dataclass(frozen=True, kw_only=True)
class Text(WholeFiles):
    """UTF-8 files below a folder, each a document; its key is its path below the folder, its origin the folder that holds it."""

    version: ClassVar[int] = 2
    own_patterns: ClassVar[tuple[str, ...]] = ("*.txt", "*.md", "*.rst")

    def text_of(self, unit: Unit, data: bytes) -> str | Fault:
        """The bytes as UTF-8."""

        def fault(error: str, message: str, offset: int) -> Fault:
            return Fault(file=unit.name, error=error, message=message, offset=offset, num_bytes=len(data))

        if b"\0" in data:  # text has no NUL bytes; UTF-16 has, and every binary format
            return fault("binary", f"a NUL byte at byte {data.index(0)}: not a text in UTF-8", data.index(0))
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            return fault("invalid_utf8", f"byte {error.start} is not UTF-8", error.start)
