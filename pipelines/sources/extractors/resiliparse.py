"""The main content of a page, as resiliparse finds it (Bevendorff et al. 2018, "Elastic ChatNoir", and its later rules)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pipelines.sources.extractors.base import extractors
from pipelines.sources.pages import plain_text


@extractors("resiliparse")
@dataclass(frozen=True, slots=True, kw_only=True)
class Resiliparse:
    """Main content: without menus, headers, footers and what else repeats on every page of a site."""

    version: ClassVar[int] = 1

    def text(self, html: bytes, charset: str | None) -> str:
        """See ``Extractor``."""
        return plain_text(html, charset, main_content=True)
