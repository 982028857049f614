"""Cuts: byte edits of the clean text that take something out and put in nothing but line breaks.

Several steps cut (repeated lines, benchmark items), each seeing what the cuts before it left; all of them speak of the clean text. A document's cuts
travel beside its text as one flat list: start, end, new length, start, end, ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.text.edits import ByteEdit, apply_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MARK: Final = b"\n\n"  # what a cut may put in, or the first bytes of it


def listed(flat: Sequence[int] | None) -> list[ByteEdit]:
    """A document's cuts from their flat list.

    >>> listed([4, 9, 2])
    [ByteEdit(start=4, end=9, new_length=2)]
    """
    numbers = flat or ()
    return [ByteEdit(*numbers[i : i + 3]) for i in range(0, len(numbers), 3)]


def without(utf8: bytes, cuts: Sequence[ByteEdit]) -> bytes:
    """The text that cuts leave.

    >>> without(b"keep this not that", listed([5, 10, 0]))
    b'keep not that'
    """
    return apply_bytes(utf8, [(cut.start, cut.end, MARK[: cut.new_length]) for cut in cuts])


def outside(span: tuple[int, int], cuts: Sequence[ByteEdit]) -> Iterator[tuple[int, int]]:
    """The parts of a span of the clean text that no cut covers, in order.

    >>> list(outside((2, 9), listed([0, 3, 0, 5, 6, 2])))
    [(3, 5), (6, 9)]
    """
    start, end = span
    for cut in cuts:
        if cut.start < end and start < cut.end:
            if start < cut.start:
                yield start, cut.start
            start = cut.end
    if start < end:
        yield start, end
