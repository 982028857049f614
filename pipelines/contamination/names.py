"""Names of a million items without a million Python strings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, overload

import pyarrow as pa
import pyarrow.compute as pc

_AT_ONCE: Final = 1 << 14


class Names(Sequence[str]):
    """A column of names, which stays in Arrow.

    >>> Names(pa.array(["b", "a", "b"]))[2], Names(pa.array(["b", "a", "b"])).distinct()
    ('b', ['a', 'b'])
    """

    def __init__(self, column: pa.Array) -> None:
        """Over strings without nulls."""
        self._column = column

    @overload
    def __getitem__(self, number: int) -> str: ...
    @overload
    def __getitem__(self, number: slice) -> Names: ...
    def __getitem__(self, number: int | slice) -> str | Names:
        """One name, or several."""
        return Names(self._column[number]) if isinstance(number, slice) else str(self._column[number].as_py())

    def __len__(self) -> int:
        """How many there are."""
        return len(self._column)

    def __iter__(self) -> Iterator[str]:
        """All of them, in their order."""
        for start in range(0, len(self), _AT_ONCE):
            yield from self._column.slice(start, _AT_ONCE).to_pylist()

    def distinct(self) -> list[str]:
        """Each name once, sorted."""
        return sorted(pc.unique(self._column).to_pylist())
