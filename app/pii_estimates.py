"""What a marked audit says about all that it was drawn from: precision by kind, what was passed over wrongly, what was missed, recall.

Each stratum was drawn without replacement and counts for its whole population. Shares have Wilson's 95% interval, for as many draws as the part
of the population that was seen makes them worth (the correction for finite populations); of what was seen in full nothing is in doubt. Of what
was missed, the share of windows with any is estimated, times how many such a window holds. Both ends of sums and quotients are made of the worse
ends, which is rather too wide than too narrow.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from app.pii_audit import FOUND, PASSED_OVER, WINDOWS
from app.pii_review import NO, YES
from app.pii_scoring import Share, wilson
from app.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from app.pii_audit import Design, Passage, Stratum


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """An estimated count with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """What an audit says; ``num_marked`` of ``num_passages`` were looked at."""

    num_passages: int
    num_marked: int
    precision: dict[str, Share]  # by kind: it is of this kind
    personal: dict[str, Share]  # by kind: it is personal data of any kind
    passed_over: dict[str, Share]  # by rule: it is personal data after all
    missed: dict[str, Number]  # by kind: how many stand in all texts
    recall: dict[str, Number | None]  # by kind: found and right, of that and the missed; None where nothing was marked

    def facts(self) -> dict[str, Any]:
        """Everything as JSON types."""
        return asdict(self)


def estimate(design: Design, passages: Sequence[Passage]) -> Estimates:
    """What the marks so far say."""
    strata = {(s.kind, s.name): s for s in design.strata}
    marks = {key: [p for p in passages if (p.kind, p.stratum) == key and p.mark is not None] for key in strata}
    found = {name: marks[kind, name] for kind, name in strata if kind == FOUND}
    sizes = {key: stratum.population for key, stratum in strata.items()}
    precision = {name: _share([p.mark == YES for p in looked], sizes[FOUND, name]) for name, looked in found.items()}
    missed = _missed([(stratum, marks[key]) for key, stratum in strata.items() if stratum.kind == WINDOWS])
    kinds = sorted({*found, *missed})
    return Estimates(
        num_passages=len(passages),
        num_marked=sum(p.mark is not None for p in passages),
        precision=precision,
        personal={name: _share([p.mark != NO for p in looked], sizes[FOUND, name]) for name, looked in found.items()},
        passed_over={name: _share([p.mark != NO for p in marks[kind, name]], sizes[kind, name]) for kind, name in strata if kind == PASSED_OVER},
        missed=missed,
        recall={kind: _recall(strata.get((FOUND, kind)), precision.get(kind), missed.get(kind, missed.get(""))) for kind in kinds if kind},
    )


def _share(hits: Sequence[bool], population: int) -> Share:
    n = len(hits)
    if n == 0:
        return Share(value=None, low=None, high=None, total=0)
    value = sum(hits) / n
    low, high = (value, value) if n == population else wilson(value, n * (population - 1) / (population - n))
    return Share(value=value, low=low, high=high, total=n)


def _missed(windows: Sequence[tuple[Stratum, Sequence[Passage]]]) -> dict[str, Number]:
    """How many of each kind were missed; under the empty name what is true of a kind of which none was seen. Nothing where nobody looked."""
    if not windows or any(not looked for _, looked in windows):
        return {}
    seen = sorted({m["label"] for _, looked in windows for p in looked for m in p.missed})
    return {kind: _added([_missed_in(stratum, looked, kind) for stratum, looked in windows]) for kind in ("", *seen)}


def _missed_in(stratum: Stratum, looked: Sequence[Passage], kind: str) -> Number:
    counts = [Counter(m["label"] for m in passage.missed)[kind] for passage in looked]
    share = _share([count > 0 for count in counts], stratum.population)
    each = sum(counts) / max(1, sum(count > 0 for count in counts)) if sum(counts) else 1.0
    ends = [(end or 0.0) * each * stratum.population for end in (share.value, share.low, share.high)]
    return Number(value=ends[0], low=ends[1], high=ends[2])


def _added(numbers: Sequence[Number]) -> Number:
    return Number(value=sum(n.value for n in numbers), low=sum(n.low for n in numbers), high=sum(n.high for n in numbers))


def _recall(stratum: Stratum | None, precision: Share | None, missed: Number | None) -> Number | None:
    if missed is None:
        return None
    if stratum is None:
        return Number(value=0.0, low=0.0, high=0.0)
    if precision is None or precision.value is None or precision.low is None or precision.high is None:
        return None
    right = [share * stratum.population for share in (precision.value, precision.low, precision.high)]
    pairs = zip(right, (missed.value, missed.high, missed.low), strict=True)
    value, low, high = (r / (r + m) if r + m else 0.0 for r, m in pairs)
    return Number(value=value, low=low, high=high)


def show(told: Estimates, console: Console) -> None:
    """The tables that a person reads."""
    table = Table(title="what an audit says of everything it was drawn from", title_justify="left", box=None, pad_edge=False)
    for heading in ("kind", "precision", "personal data", "missed in all", "recall"):
        table.add_column(heading, justify="left" if heading == "kind" else "right", no_wrap=True)
    nothing = told.missed.get("")
    for kind in sorted({*told.precision, *told.missed} - {""}):
        shares = (_share_cell(told.precision.get(kind)), _share_cell(told.personal.get(kind)))
        table.add_row(Text(visible(kind)), *shares, _number_cell(told.missed.get(kind, nothing)), _percent_cell(told.recall.get(kind)))
    console.print(table)
    if told.passed_over:
        rules = Table("passed over by", "personal data after all", title_justify="left", box=None, pad_edge=False)
        for rule, share in sorted(told.passed_over.items()):
            rules.add_row(Text(visible(rule)), _share_cell(share))
        console.print(rules)
    words = f"{told.num_marked:,} of {told.num_passages:,} passages were looked at. In per cent, with 95% intervals; - where nobody looked yet."
    console.print(words, highlight=False, markup=False, soft_wrap=True)


def _share_cell(share: Share | None) -> str:
    if share is None or share.value is None or share.low is None or share.high is None:
        return "-"
    return f"{share.value * 100:.0f} ({share.low * 100:.0f}-{share.high * 100:.0f})"


def _percent_cell(number: Number | None) -> str:
    return "-" if number is None else f"{number.value * 100:.0f} ({number.low * 100:.0f}-{number.high * 100:.0f})"


def _number_cell(number: Number | None) -> str:
    return "-" if number is None else f"{number.value:,.0f} ({number.low:,.0f}-{number.high:,.0f})"
