"""HTML files: one file, one page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from pipelines.sources.base import Fault, Record, Unit, sources
from pipelines.sources.extractors.base import Extractor, extractors
from pipelines.sources.extractors.resiliparse import Resiliparse
from pipelines.sources.listing import Files
from pipelines.sources.origins import check_origin, origin_of
from pipelines.sources.pages import TooDeep, declared_charset
from pipelines.sources.unpacking import MAX_RECORD_BYTES, MAX_UNPACKED_RATIO, Unreadable, check_bounds, codec_of, whole

if TYPE_CHECKING:
    from collections.abc import Iterator


@sources("html")
@dataclass(frozen=True, kw_only=True)
class Html(Files):
    """Pages below a folder, each a document reduced to its text by an extractor; the key is the path below the folder, the origin the folder."""

    version: ClassVar[int] = 1
    own_patterns: ClassVar[tuple[str, ...]] = ("*.html", "*.htm", "*.xhtml")
    extractor: Annotated[Extractor, extractors] = field(default_factory=Resiliparse)  # what finds the text of a page
    kind: str = "page"  # kind of every document
    license: str = ""  # licence of every document
    origin: str = "folder"  # what the split keeps together: host, folder or document
    max_record_bytes: int = MAX_RECORD_BYTES  # a larger record is set aside
    max_unpacked_ratio: int = MAX_UNPACKED_RATIO  # a file that unpacks to more than this many times its size is no document but a bomb

    def __post_init__(self) -> None:
        """Rejects origins that a file has not, and bounds below 1."""
        check_origin(self.origin)
        check_bounds(max_record_bytes=self.max_record_bytes, max_unpacked_ratio=self.max_unpacked_ratio)

    def read(self, unit: Unit) -> Iterator[Record | Fault]:
        """One record or one fault."""
        try:
            data, size = whole(self.located(unit), self.max_record_bytes, self.max_unpacked_ratio)
            text = self.extractor.text(data, declared_charset(data))
        except Unreadable as broken:
            yield Fault(file=unit.name, error=broken.error, message=broken.message, num_bytes=unit.num_bytes)
        except TooDeep as deep:
            yield Fault(file=unit.name, error="nested_too_deep", message=str(deep), num_bytes=unit.num_bytes)
        except (ValueError, LookupError, RuntimeError) as error:
            yield Fault(file=unit.name, error="bad_page", message=f"cannot be read as HTML ({type(error).__name__})", num_bytes=unit.num_bytes)
        else:
            yield Record(
                key=unit.name, text=text, kind=self.kind, origin=origin_of(self.origin, key=unit.name, file=unit.name, url=None),
                file=unit.name, codec=codec_of(unit.name), offset=0, length=size, license=self.license or None,
            )  # fmt: skip
