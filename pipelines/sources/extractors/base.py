"""What an extractor is."""

from __future__ import annotations

from typing import ClassVar, Final, Protocol

from pipelines.contract.registry import Registry


class Extractor(Protocol):
    """Finds the text of a page. Fields are its parameters.

    Laws of every extractor: same bytes, same text; text is valid Unicode; a page without text gives ""; a page that would take minutes is refused.
    """

    version: ClassVar[int]

    def text(self, html: bytes, charset: str | None) -> str:
        """The page's text with its line breaks.

        Args:
            html: the page's bytes.
            charset: the encoding that the server declared; without it the bytes decide.

        Raises:
            TooDeep: the page would take too long (``pipelines.sources.pages``).
            ValueError, LookupError, RuntimeError: the page cannot be parsed.
        """
        ...


extractors: Final[Registry[Extractor]] = Registry("extractor", "pipelines.sources.extractors")
