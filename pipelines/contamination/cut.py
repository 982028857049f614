"""What is left of a text when contaminated runs are cut out (Brown et al. 2020, appendix C).

Around each run 200 characters go on either side; pieces of under 200 characters that this leaves over go too; a text with more than 10 cuts goes
whole. Runs whose windows touch are one cut. Spans are UTF-8 bytes, half-open, on borders of characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEPARATOR: Final = b"\n\n"  # a blank line where two pieces meet that were apart, so that no sentence is made of two

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRule:
    """How much goes with a contaminated run."""

    window_characters: int = 200
    min_piece_characters: int = 200
    max_cuts: int = 10
    splitting: Literal["assay", "janitor"] = "assay"  # janitor: as the evaluation harness splits, see `pipelines.contamination.janitor`
    ngram_words: int = 13  # of the n-grams that janitor counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """What to take out of a text. Where ``fault`` is set, the text goes whole and ``spans`` is empty."""

    spans: tuple[Span, ...]  # sorted, neither overlapping nor touching
    num_cuts: int  # before short pieces between two cuts made them one
    fault: Literal["too_many_cuts", "nothing_left"] | None = None


def plan_cuts(text: str, runs: Sequence[Span], rule: CutRule = CutRule()) -> Cuts:
    """The spans to take out of a text around contaminated runs, given as byte spans in any order."""
    if not runs:
        return Cuts(spans=(), num_cuts=0)
    starts = _character_starts(text)
    last = len(starts) - 1
    first, after = np.searchsorted(starts, np.array(runs, np.int64).T)  # a run ends on a border, so the character after it is found
    windows = _joined(
        [
            (max(0, a - rule.window_characters), min(last, b + rule.window_characters))
            for a, b in sorted(zip(first.tolist(), after.tolist(), strict=True))
        ]
    )
    if len(windows) > rule.max_cuts:
        return Cuts(spans=(), num_cuts=len(windows), fault="too_many_cuts")
    gone = _without_short_pieces(windows, last, rule.min_piece_characters)
    if gone == [(0, last)]:
        return Cuts(spans=(), num_cuts=len(windows), fault="nothing_left")
    return Cuts(spans=tuple((int(starts[a]), int(starts[b])) for a, b in gone), num_cuts=len(windows))


def cut_until_clean(
    text: str,
    runs: Sequence[Span],
    find: Callable[[str], Sequence[Span]],
    rule: CutRule = CutRule(),
    plan: Callable[[str, Sequence[Span], CutRule], Cuts] = plan_cuts,
) -> Cuts:
    """As ``plan_cuts``, repeated until ``find`` finds no run in what is left.

    Where two pieces meet, the words on both sides of the blank line can make up an n-gram that the text never had. Such a run is carried back into
    the text and cut like the others. Every round takes at least one more byte, so there is a last one.

    Args:
        text: the text.
        runs: contaminated runs that are known, as byte spans of the text.
        find: contaminated runs of any text, as byte spans of it.
        rule: how much goes with a run.
        plan: what is cut around runs.
    """
    utf8, known = text.encode(), list(runs)
    before: tuple[Span, ...] | None = None
    while True:
        cuts = plan(text, known, rule)
        if cuts.fault:
            return cuts
        if cuts.spans == before:  # a plan that takes nothing more would go on for ever
            return Cuts(spans=(), num_cuts=cuts.num_cuts, fault="nothing_left")
        before = cuts.spans
        rest = Rest.of(utf8, cuts.spans)
        if not rest.text.strip():
            return Cuts(spans=(), num_cuts=cuts.num_cuts, fault="nothing_left")
        left = find(rest.text)
        if not left:
            return cuts
        known += [span for run in left for span in rest.back(run)]


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a text, and where it stood: (first byte in the rest, first byte in the text, bytes) a piece."""

    text: str
    pieces: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, utf8: bytes, spans: Sequence[Span]) -> Rest:
        """The text without the spans, its pieces joined by a blank line."""
        kept = [(a, b) for a, b in zip([0, *(end for _, end in spans)], [*(start for start, _ in spans), len(utf8)], strict=True) if a < b]
        places, length = [], 0
        for start, end in kept:
            places.append((length, start, end - start))
            length += end - start + len(SEPARATOR)
        return cls(SEPARATOR.join(utf8[start:end] for start, end in kept).decode(), tuple(places))

    def back(self, run: Span) -> list[Span]:
        """A byte span of the rest as spans of the text: one for each piece that it touches."""
        clipped = [(max(run[0], here), min(run[1], here + size), there - here) for here, there, size in self.pieces]
        return [(start + shift, end + shift) for start, end, shift in clipped if start < end]


def separator_bytes(span: Span, num_bytes: int) -> int:
    """Bytes that take the place of a cut in a text of ``num_bytes``: a blank line between two pieces, nothing at either end of the text."""
    return 0 if span[0] == 0 or span[1] == num_bytes else len(SEPARATOR)


def _without_short_pieces(windows: list[Span], last: int, shortest: int) -> list[Span]:
    """The windows, with every piece before, between or behind them that is too short to stay."""
    gone: list[Span] = []
    left = 0
    for start, end in [*windows, (last, last)]:
        gone.append((left if start - left < shortest else start, end))
        left = end
    return [(a, b) for a, b in _joined(gone) if a < b]


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Sorted spans, those that overlap or touch made one."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _character_starts(text: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Byte offset of each character, and of the end: int64[characters + 1]."""
    utf8 = np.frombuffer(text.encode(), np.uint8)
    return np.append(np.flatnonzero((utf8 & 0xC0) != 0x80), len(utf8))  # noqa: PLR2004 - bytes 10xxxxxx go on with a character
