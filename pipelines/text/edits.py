"""Changes of a text: applied, put together, turned into byte edits, and spans carried across them.

A *change* speaks of code points, as Python strings do, and holds the new text. A *byte edit* is what the ``edits`` table keeps: which UTF-8
bytes went, and how many came. Lists are sorted by start and do not overlap; neighbours may touch.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipelines.contract.errors import PartError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Change:
    """``new`` in the place of the code points ``start`` to ``end`` of the text that is changed."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Traced:
    """A change and who asked for it, in the order in which they did."""

    change: Change
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ByteEdit:
    """``new_length`` bytes in the place of the bytes ``start`` to ``end``: a row of ``edits``."""

    start: int
    end: int
    new_length: int


def apply(text: str, changes: Sequence[Change]) -> str:
    """The text after the changes.

    Raises:
        PartError: the changes are not sorted, overlap, or leave the text.

    >>> apply("caf\u00e9 au lait", [Change(0, 4, "th\u00e9")])
    'th\u00e9 au lait'
    """
    pieces, done = [], 0
    for change in changes:
        _check(done, change.start, change.end, len(text))
        pieces += [text[done : change.start], change.new]
        done = change.end
    pieces.append(text[done:])
    return "".join(pieces)


def apply_bytes(utf8: bytes, edits: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The bytes after edits given as (start, end, new bytes).

    Raises:
        PartError: the edits are not sorted, overlap, or leave the text.
    """
    pieces, done = [], 0
    for start, end, new in edits:
        _check(done, start, end, len(utf8))
        pieces += [utf8[done:start], new]
        done = end
    pieces.append(utf8[done:])
    return b"".join(pieces)


def difference(old: str, new: str, start: int = 0) -> Change | None:
    """The one change that makes ``new`` of ``old``, what they share at both ends left out; None where they are equal.

    ``start`` is added to both offsets. Takes O(n log n) comparisons of memory, not a loop over characters: lines may have a million.
    """
    if old == new:
        return None
    shortest = min(len(old), len(new))
    before = bisect_left(range(shortest), x=1, key=lambda n: int(old[: n + 1] != new[: n + 1]))
    after = bisect_left(range(shortest - before), x=1, key=lambda n: int(old[len(old) - n - 1 :] != new[len(new) - n - 1 :]))
    return Change(start + before, start + len(old) - after, new[before : len(new) - after])


def compose(first: Sequence[Change], second: Sequence[Change]) -> list[Change]:
    """One list in the coordinates of the text that ``first`` changes, for ``second`` applied to the result of ``first``.

    Changes that touch or overlap become one: what lies between them is covered by one of the two, so no text is needed to join them.
    """
    return [change for change, _, _ in _merged(first, second)]


def compose_traced(first: Sequence[Traced], second: Sequence[Change], cause: str) -> list[Traced]:
    """``compose``, with the causes of every change kept: those of the changes that it is made of, and ``cause`` where ``second`` has a part in it."""
    found = []
    for change, of_first, of_second in _merged([one.change for one in first], second):
        causes = dict.fromkeys(name for one in first[of_first] for name in one.causes)
        found.append(Traced(change, tuple(causes | dict.fromkeys([cause] if of_second.stop > of_second.start else []))))
    return found


def _merged(first: Sequence[Change], second: Sequence[Change]) -> Iterator[tuple[Change, slice, slice]]:
    """Each change of the composed list, and which of the two lists it is made of."""
    placed = _placed(first)
    i = j = shift = 0  # shift: coordinates before minus coordinates after the first list
    while i < len(placed) or j < len(second):
        low = min(placed[i][0] if i < len(placed) else second[j].start, second[j].start if j < len(second) else placed[i][0])
        high, from_i, from_j = low, i, j
        while True:
            if i < len(placed) and placed[i][0] <= high:
                high, i = max(high, placed[i][1]), i + 1
            elif j < len(second) and second[j].start <= high:
                high, j = max(high, second[j].end), j + 1
            else:
                break
        shifted = shift + sum(c.end - c.start - len(c.new) for _, _, c in placed[from_i:i])
        yield Change(low + shift, high + shifted, _overlaid(placed[from_i:i], second[from_j:j], low, high)), slice(from_i, i), slice(from_j, j)
        shift = shifted


def to_bytes(text: str, changes: Sequence[Change]) -> list[tuple[int, int, bytes]]:
    """The changes as (start, end, new bytes) in the UTF-8 form of ``text``. Each character is encoded at most once."""
    found, done, offset = [], 0, 0
    ascii_only = text.isascii()
    for change in changes:
        _check(done, change.start, change.end, len(text))
        start = offset + _num_bytes(text, done, change.start, ascii_only=ascii_only)
        offset = start + _num_bytes(text, change.start, change.end, ascii_only=ascii_only)
        found.append((start, offset, change.new.encode()))
        done = change.end
    return found


def carry(span: tuple[int, int], edits: Sequence[ByteEdit], to: Literal["after", "before"]) -> tuple[int, int]:
    """A byte span of the text before the edits as a span of the text after them, or the other way round.

    A span that an edit touches grows to the whole of what stands there: nothing that it covered is lost. Bytes put in, or taken out, exactly at
    one of its ends stay outside. Untouched spans come back unchanged from a round trip.
    """
    return carry_all([span], edits, to)[0]


def carry_all(spans: Iterable[tuple[int, int]], edits: Sequence[ByteEdit], to: Literal["after", "before"]) -> list[tuple[int, int]]:
    """``carry`` of many spans, for one walk over the edits."""
    before_starts = [e.start for e in edits]
    before_ends = [e.end for e in edits]
    after_starts, after_ends, shift = [], [], 0
    for edit in edits:
        after_starts.append(edit.start + shift)
        after_ends.append(edit.start + shift + edit.new_length)
        shift += edit.new_length - (edit.end - edit.start)
    if to == "after":
        return [_carried(span, before_starts, before_ends, after_starts, after_ends) for span in spans]
    return [_carried(span, after_starts, after_ends, before_starts, before_ends) for span in spans]


def _carried(span: tuple[int, int], starts: list[int], ends: list[int], to_starts: list[int], to_ends: list[int]) -> tuple[int, int]:
    low, high = span
    i = bisect_right(starts, low) - 1
    if i >= 0:
        low = to_starts[i] if low < ends[i] else to_ends[i] + low - ends[i]
    i = bisect_left(starts, high) - 1
    if i >= 0:
        high = to_ends[i] + max(0, high - ends[i])
    return low, max(low, high)


def _placed(changes: Sequence[Change]) -> list[tuple[int, int, Change]]:
    """Each change with its place in the changed text."""
    placed, shift = [], 0
    for change in changes:
        start = change.start + shift
        placed.append((start, start + len(change.new), change))
        shift += len(change.new) - (change.end - change.start)
    return placed


def _overlaid(first: list[tuple[int, int, Change]], second: Sequence[Change], low: int, high: int) -> str:
    """The text of one group after both lists. What the first did not write, the second replaces: a filler stands for it until then."""
    pieces, done = [], low
    for start, end, change in first:
        pieces += ["\0" * (start - done), change.new]
        done = end
    pieces.append("\0" * (high - done))
    return apply("".join(pieces), [Change(c.start - low, c.end - low, c.new) for c in second])


def _num_bytes(text: str, start: int, end: int, *, ascii_only: bool) -> int:
    return end - start if ascii_only else len(text[start:end].encode())


def _check(done: int, start: int, end: int, length: int) -> None:
    if not done <= start <= end <= length:
        raise PartError(f"a change of {start} to {end} does not fit: the text has {length}, and {done} are done; sort them, without overlaps")
