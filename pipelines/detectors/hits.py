"""What is found in one document, what takes its place, and where that stands afterwards."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Self

from pipelines.detectors.base import Span
from pipelines.detectors.replacement import Policy
from pipelines.text.cuts import MARK, outside
from pipelines.text.edits import ByteEdit, apply_bytes, carry_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Hit:
    """A span in bytes of the clean text, what is done about it, and the text that takes its place; None where the text stays or the document goes."""

    start: int
    end: int
    found: Span
    policy: Policy
    new: str | None


@dataclass(frozen=True, slots=True)
class Places:
    """Spans of a text that are sorted and do not overlap; those that touch are one."""

    starts: Sequence[int] = ()
    ends: Sequence[int] = ()

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int]]) -> Self:
        """The places that some spans cover together."""
        starts: list[int] = []
        ends: list[int] = []
        for start, end in sorted(spans):
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
        return cls(starts, ends)

    @classmethod
    def listed(cls, flat: Sequence[int] | None) -> Self:
        """The places of a list start, end, start, end, ..., as ``flat`` gives it."""
        numbers = flat or ()
        return cls.of(zip(numbers[::2], numbers[1::2], strict=True))

    def flat(self) -> list[int]:
        """One list: start, end, start, end, ..."""
        return [number for place in zip(self.starts, self.ends, strict=True) for number in place]

    def hold(self, start: int, end: int) -> bool:
        """Whether a span lies in one of the places, all of it."""
        number = bisect_right(self.starts, start) - 1
        return number >= 0 and end <= self.ends[number]

    def meet(self, start: int, end: int) -> bool:
        """Whether a span shares anything with a place."""
        number = bisect_right(self.ends, start)
        return number < len(self.starts) and self.starts[number] < end


@dataclass(slots=True, kw_only=True)
class Document:
    """A document on its way through the rounds of scrubbing."""

    doc_id: str
    source: str | None
    utf8: bytes  # of the clean text
    cuts: list[ByteEdit]
    hits: list[Hit] = field(default_factory=list)  # what is replaced so far, sorted and disjoint
    flagged: list[Hit] = field(default_factory=list)  # what is told and stays, sorted, and apart from ``hits``
    dropped: list[Hit] = field(default_factory=list)  # for what the document goes
    fault: str | None = None

    @property
    def goes_on(self) -> bool:
        """Whether it is published."""
        return self.fault is None and not self.dropped

    def edits(self) -> list[ByteEdit]:
        """Cuts and replacements in order."""
        made = [*self.cuts, *(ByteEdit(start, end, len(new)) for start, end, new in self._replaced())]
        return sorted(made, key=lambda e: (e.start, e.end))

    def final(self) -> bytes:
        """The text after cuts and replacements."""
        edits = [(c.start, c.end, MARK[: c.new_length]) for c in self.cuts] + list(self._replaced())
        return apply_bytes(self.utf8, sorted(edits))

    def rows(self) -> list[Hit]:
        """Everything that was found, in parts that no cut covers, in order."""
        found = self.dropped or [*self.hits, *self.flagged]
        return sorted((part for hit in found for part in self._parts(hit)), key=lambda hit: (hit.start, hit.end))

    def written(self) -> Places:
        """Where in the final text something stands that took a value's place, the marks of cuts within it too."""
        return Places.of(carry_all([(hit.start, hit.end) for hit in self.hits], self.edits(), "after"))

    def _replaced(self) -> Iterator[tuple[int, int, bytes]]:
        return ((part.start, part.end, (part.new or "").encode()) for hit in self.hits for part in self._parts(hit))

    def _parts(self, hit: Hit) -> Iterator[Hit]:
        if not self.cuts:
            return iter((hit,))
        return (Hit(start, end, hit.found, hit.policy, hit.new) for start, end in outside((hit.start, hit.end), self.cuts))


def byte_offsets(text: str, spans: Iterable[Span]) -> dict[int, int]:
    """The byte at which each end of some spans stands, by its code point; each character is encoded at most once."""
    places = sorted({place for span in spans for place in (span.start, span.end)})
    if text.isascii():
        return {place: place for place in places}
    steps = (len(text[start:end].encode()) for start, end in pairwise([0, *places]))
    return dict(zip(places, accumulate(steps), strict=True))
