"""What a cleaner is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol, runtime_checkable

import pyarrow as pa

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


@runtime_checkable
class Screening(Protocol):
    """A cleaner that can tell of many texts at once which it leaves alone. Those that it does not touch never become Python strings."""

    def touched(self, texts: pa.Array) -> pa.BooleanArray:
        """Of each text of an Arrow string array without nulls: False only if ``changes`` gives nothing."""
        ...


def touched(cleaner: Cleaner, texts: pa.Array) -> pa.BooleanArray:
    """Which texts a cleaner has to look at: what it says itself, else all of them."""
    return cleaner.touched(texts) if isinstance(cleaner, Screening) else pa.array([True] * len(texts), pa.bool_())


cleaners: Final[Registry[Cleaner]] = Registry("cleaner", "pipelines.cleaners")
