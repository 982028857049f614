"""What a cleaner is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from pipelines.contract.registry import Registry

if TYPE_CHECKING:
    from pipelines.text.edits import Change


class Cleaner(Protocol):
    """Repairs a text. It says what to change and where; applying and recording the changes is not its business.

    Laws of every cleaner: changes are sorted and do not overlap; cleaning a cleaned text changes nothing; empty text is a case; nothing raises.
    A cleaner that follows a published definition which judges once says ``is_idempotent = False`` with the reason; then the law is that cleaning
    again only makes the text shorter, so that it comes to an end.
    """

    version: ClassVar[int]
    is_idempotent: ClassVar[bool]

    def changes(self, text: str) -> list[Change]:
        """Replacements in ``text``, in code points."""
        ...


cleaners: Final[Registry[Cleaner]] = Registry("cleaner", "pipelines.cleaners")
