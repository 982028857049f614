"""Everything that a page shows, by resiliparse: for pages that are all content, such as manuals and small sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pipelines.sources.extractors.base import extractors
from pipelines.sources.pages import plain_text


@extractors("resiliparse_all")
@dataclass(frozen=True, slots=True, kw_only=True)
class ResiliparseAll:
    """The whole body as plain text, menus and footers among it."""

    version: ClassVar[int] = 1

    def text(self, html: bytes, charset: str | None) -> str:
        """See ``Extractor``."""
        return plain_text(html, charset, main_content=False)
