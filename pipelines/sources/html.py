"""HTML files: one file, one page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from pipelines.sources.base import Fault, sources
from pipelines.sources.extractors.base import Extractor, extractors
from pipelines.sources.extractors.resiliparse import Resiliparse
from pipelines.sources.pages import TooDeep, declared_charset
from pipelines.sources.whole_files import WholeFiles

if TYPE_CHECKING:
    from pipelines.sources.base import Unit


@sources("html")
@dataclass(frozen=True, kw_only=True)
class Html(WholeFiles):
    """Pages below a folder, each a document reduced to its text by an extractor; the key is the path below the folder, the origin the folder."""

    version: ClassVar[int] = 1
    own_patterns: ClassVar[tuple[str, ...]] = ("*.html", "*.htm", "*.xhtml")
    extractor: Annotated[Extractor, extractors] = field(default_factory=Resiliparse)  # what finds the text of a page
    kind: str = "page"  # kind of every document

    def text_of(self, unit: Unit, data: bytes) -> str | Fault:
        """What the extractor finds."""
        try:
            return self.extractor.text(data, declared_charset(data))
        except TooDeep as deep:
            return Fault(file=unit.name, error="nested_too_deep", message=str(deep), num_bytes=unit.num_bytes)
        except (ValueError, LookupError, RuntimeError) as error:
            return Fault(file=unit.name, error="bad_page", message=f"cannot be read as HTML ({type(error).__name__})", num_bytes=unit.num_bytes)
