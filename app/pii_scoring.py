"""How well findings agree with labels: precision, recall, F1 and leak rate by kind of personal data, each with its interval.

A label is *found* where a finding of the same kind touches it, a finding is *right* where it touches a label of its kind; *exact* asks for the same
ends. Leaks ask for no kind: a character is safe whatever it was taken for. Labels of one document are not independent draws. So an interval is
Wilson's for as many independent draws as the spread between documents is worth (the effective sample size of Korn and Graubard 1998, with the
linearised variance of a ratio), at most as many as there are spans; where all documents agree, as many as documents have any.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from evalsuite.estimates import Z_95

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from app.pii_labels import Label

NOTHING: Final = "nothing"  # in the table of confusions: no finding, or no label


@dataclass(frozen=True, slots=True)
class Found:
    """A finding of the detectors in code points. ``is_taken_out``: whether it no longer stands in what is published."""

    start: int
    end: int
    entity: str
    is_taken_out: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of ``total`` with its 95% interval; all None where there is nothing to divide by."""

    value: float | None
    low: float | None
    high: float | None
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """Where labels and findings differ, by place only: ``record`` counts from 1, ``start`` and ``end`` in code points."""

    record: int
    start: int
    end: int
    kind: str  # missed, other kind, other ends, false alarm
    label: str | None
    found: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A kind of personal data, or all of them."""

    entity: str
    num_labels: int
    num_found: int
    precision: Share
    recall: Share
    f1: Share
    exact_precision: Share
    exact_recall: Share
    leaked_spans: Share  # labels of which at least one character still stands
    leaked_characters: Share


@dataclass(slots=True)
class _Tally:
    """Counts of a kind, document by document: (hits, total) pairs by measure."""

    pairs: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, measure: str, hits: int, total: int) -> None:
        if total:
            self.pairs[measure].append((hits, total))

    def share(self, measure: str, num_draws: int | None = None) -> Share:
        return clustered(self.pairs[measure], num_draws)

    def score(self, entity: str) -> Score:
        precision, recall = self.share("precision"), self.share("recall")
        return Score(
            entity=entity, num_labels=recall.total, num_found=precision.total, precision=precision, recall=recall, f1=_harmonic(precision, recall),
            exact_precision=self.share("exact precision"), exact_recall=self.share("exact recall"), leaked_spans=self.share("leaked spans"),
            leaked_characters=self.share("leaked characters", recall.total),
        )  # fmt: skip


ALL: Final = "all looked for"
EVERY: Final = "all labels"  # of kinds that nobody looks for too


class Agreement:
    """What comes of holding findings against labels, text by text."""

    def __init__(self, looked_for: Iterable[str]) -> None:
        """``looked_for``: the kinds that a detector claims; labels of others are counted apart."""
        self.looked_for = frozenset(looked_for)
        self.confusion: Counter[tuple[str, str]] = Counter()
        self.errors: list[Error] = []
        self._tallies: dict[str, _Tally] = defaultdict(_Tally)
        self._num_texts = 0

    def add(self, labels: Sequence[Label], found: Sequence[Found], *, is_published: bool = True) -> None:
        """One text more; from one that is set aside or dropped as a whole nothing leaks."""
        self._num_texts += 1
        met = _Met.of(labels, found)
        leaks = [_left(label, met.findings(number)) if is_published else 0 for number, label in enumerate(labels)]
        for entity in sorted({s.entity for s in labels} | {f.entity for f in found}):
            theirs = [number for number, label in enumerate(labels) if label.entity == entity]
            ours = [number for number, finding in enumerate(found) if finding.entity == entity]
            for name in (entity, EVERY, ALL) if entity in self.looked_for else (entity, EVERY):
                tally = self._tallies[name]
                tally.add("precision", sum(n in met.right for n in ours), len(ours))
                tally.add("recall", sum(n in met.found for n in theirs), len(theirs))
                tally.add("exact precision", sum(n in met.exactly_right for n in ours), len(ours))
                tally.add("exact recall", sum(n in met.exactly_found for n in theirs), len(theirs))
                tally.add("leaked spans", sum(leaks[n] > 0 for n in theirs), len(theirs))
                tally.add("leaked characters", sum(leaks[n] for n in theirs), sum(labels[n].end - labels[n].start for n in theirs))
        self._note(labels, found, met)

    def scores(self) -> list[Score]:
        """One a kind, in alphabetical order; last, all kinds that are looked for, and all that are labelled."""
        return [self._tallies[name].score(name) for name in (*sorted(set(self._tallies) - {ALL, EVERY}), ALL, EVERY)]

    @property
    def num_texts(self) -> int:
        """Texts that were added."""
        return self._num_texts

    def _note(self, labels: Sequence[Label], found: Sequence[Found], met: _Met) -> None:
        for number, label in enumerate(labels):
            best = max(met.findings(number), key=lambda f: (f.entity == label.entity, _shared(f, label)), default=None)
            self.confusion[label.entity, best.entity if best else NOTHING] += 1
            kind = _difference(label, best)
            if kind is not None:
                self._err(label.start, label.end, kind, label.entity, best.entity if best else None)
        for number, alarm in enumerate(found):
            if number not in met.touched:
                self.confusion[NOTHING, alarm.entity] += 1
                self._err(alarm.start, alarm.end, "false alarm", None, alarm.entity)

    def _err(self, start: int, end: int, kind: str, label: str | None, found: str | None) -> None:
        self.errors.append(Error(record=self._num_texts, start=start, end=end, kind=kind, label=label, found=found))


def clustered(pairs: Sequence[tuple[int, int]], num_draws: int | None = None) -> Share:
    """The share of hits in the totals of documents, with the interval that the module speaks of.

    ``num_draws`` is the number of spans where the totals count something smaller, as characters.

    >>> clustered([(1, 1)] * 10)
    Share(value=1.0, low=0.7224672001371107, high=1.0, total=10)
    """
    total = sum(size for _, size in pairs)
    if not total:
        return Share(value=None, low=None, high=None, total=0)
    value = sum(hits for hits, _ in pairs) / total
    n = len(pairs)
    squares = math.fsum((hits - value * size) ** 2 for hits, size in pairs)
    variance = squares * n / (n - 1) / total**2 if n > 1 else 0.0
    most = float(num_draws if num_draws is not None else total)
    draws = max(1.0, min(most, value * (1 - value) / variance if variance > 0 else float(n)))
    low, high = wilson(value, draws)
    return Share(value=value, low=low, high=high, total=total)


def wilson(value: float, draws: float) -> tuple[float, float]:
    """Wilson's 95% score interval (Wilson 1927) for a share of so many draws, which need not be whole."""
    centre = (value + Z_95**2 / (2 * draws)) / (1 + Z_95**2 / draws)
    half = Z_95 / (1 + Z_95**2 / draws) * math.sqrt(value * (1 - value) / draws + Z_95**2 / (4 * draws**2))
    # Rounding must not push an end past the value that it is known to reach.
    return (0.0 if value == 0.0 else max(0.0, centre - half)), (1.0 if value == 1.0 else min(1.0, centre + half))


def _harmonic(precision: Share, recall: Share) -> Share:
    """F1; its interval has the harmonic means of both ends, which is rather too wide than too narrow."""
    ends = [_f1(p, r) for p, r in ((precision.value, recall.value), (precision.low, recall.low), (precision.high, recall.high))]
    return Share(value=ends[0], low=ends[1], high=ends[2], total=precision.total + recall.total)


def _f1(precision: float | None, recall: float | None) -> float | None:
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True, slots=True)
class _Met:
    """Which labels and findings of a text touch one another, by number."""

    by_label: dict[int, list[Found]]
    touched: frozenset[int]  # findings that touch a label of any kind
    right: frozenset[int]  # findings that touch a label of their kind
    found: frozenset[int]  # labels that a finding of their kind touches
    exactly_right: frozenset[int]
    exactly_found: frozenset[int]

    @classmethod
    def of(cls, labels: Sequence[Label], found: Sequence[Found]) -> _Met:
        pairs = list(_touching(labels, found))
        same = [(i, j) for i, j in pairs if labels[i].entity == found[j].entity]
        exact = [(i, j) for i, j in same if (labels[i].start, labels[i].end) == (found[j].start, found[j].end)]
        by_label: dict[int, list[Found]] = defaultdict(list)
        for i, j in pairs:
            by_label[i].append(found[j])
        ours, theirs = frozenset(j for _, j in same), frozenset(i for i, _ in same)
        return cls(by_label, frozenset(j for _, j in pairs), ours, theirs, frozenset(j for _, j in exact), frozenset(i for i, _ in exact))

    def findings(self, label: int) -> list[Found]:
        return self.by_label.get(label, [])


def _touching(labels: Sequence[Label], found: Sequence[Found]) -> Iterator[tuple[int, int]]:
    """Pairs of a label and a finding that share a character, by number."""
    order = sorted(range(len(found)), key=lambda n: found[n].start)
    starts, ends = [found[n].start for n in order], list(accumulate((found[n].end for n in order), max))
    for number, label in enumerate(labels):
        for place in range(bisect_right(ends, label.start), bisect_left(starts, label.end)):
            if found[order[place]].end > label.start:
                yield number, order[place]


def _shared(found: Found, label: Label) -> int:
    return min(found.end, label.end) - max(found.start, label.start)


def _difference(label: Label, found: Found | None) -> str | None:
    if found is None:
        return "missed"
    if found.entity != label.entity:
        return "other kind"
    return None if (found.start, found.end) == (label.start, label.end) else "other ends"


def _left(label: Label, found: Sequence[Found]) -> int:
    """Characters of a label that still stand."""
    covered: set[int] = set()
    for span in found:
        if span.is_taken_out:
            covered.update(range(max(span.start, label.start), min(span.end, label.end)))
    return label.end - label.start - len(covered)


def confusions(agreement: Agreement) -> list[dict[str, Any]]:
    """How often a label of one kind was met by a finding of another, most frequent first."""
    told = sorted(agreement.confusion.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"label": label, "found": found, "num_spans": number} for (label, found), number in told]
