"""Presets: rules as data, and the vectorised comparison of signals with them.

A rule is a signal, a bound that a document may still reach, and the reason that a broken bound gives. It may speak of some documents only (``where``)
and have another bound for each language.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.config import decode, load_toml
from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean
from pipelines.rules.condition import Condition, check, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE: Final = Path(__file__).parent
FAILED: Final = pa.schema([
    ("doc_id", pa.string()), ("rule", pa.string()), ("reason", pa.string()), ("value", pa.float64()), ("threshold", pa.float64()),
    ("position", pa.int32()),
])  # fmt: skip
# What a condition may ask of a document beside the signals of the rule's own family. In a batch these columns have ``DOCUMENT`` before their names.
FACTS: Final = {"language": pa.string(), "language_score": pa.float64(), "source": pa.string(), "kind": pa.string()}
DOCUMENT: Final = "document_"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """A rule as a preset's file has it; exactly one of ``min`` and ``max``, of which each may be given by language too."""

    family: str  # signal family of the signal
    signal: str  # column of the family's table
    reason: str  # what fates and verdicts say of a document that breaks the rule; the fault, not the virtue
    min: float | None = None  # a document below it is dropped
    max: float | None = None  # a document above it is dropped
    min_by_language: dict[str, float] = field(default_factory=dict)  # stands in the place of min for documents in these languages
    max_by_language: dict[str, float] = field(default_factory=dict)  # stands in the place of max for documents in these languages
    where: str | None = None  # a condition; the rule speaks of documents for which it holds
    name: str | None = None  # where two rules of a preset have one signal and side

    def __post_init__(self) -> None:
        """Rejects a rule with no bound or two, and a condition that breaks the grammar."""
        if (self.bounds("min") is None) == (self.bounds("max") is None):
            raise ValueError(f"the rule on {self.signal!r} needs exactly one of 'min' and 'max' (or min_by_language, max_by_language)")
        if self.where is not None:
            parse(self.where)

    def bounds(self, op: Literal["min", "max"]) -> tuple[float, tuple[tuple[str, float], ...]] | None:
        """The bound of a side and those of some languages; None without. Where only languages have one, the others' cannot be broken."""
        default, by_language = (self.min, self.min_by_language) if op == "min" else (self.max, self.max_by_language)
        if default is None and not by_language:
            return None
        return (math.inf * (-1 if op == "min" else 1) if default is None else default), tuple(sorted(by_language.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetFile:
    """A preset's file."""

    version: int  # goes up whenever a document could be judged otherwise
    source: str  # whose rules these are
    rules: tuple[RuleLine, ...] = field(default=())  # in the order in which the reason of a drop is chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A document whose signal is at the bound is kept, and so is one that the condition does not hold for."""

    preset: str
    family: str
    signal: str
    op: Literal["min", "max"]
    bound: float
    reason: str
    by_language: tuple[tuple[str, float], ...] = ()  # bounds that stand in the place of ``bound`` for some languages
    where: Condition | None = None
    label: str | None = None
    stage: str = ""  # of a stage before the last

    @property
    def name(self) -> str:
        """Preset, signal and side, as verdicts show it; of an earlier stage with its name."""
        return f"{self.preset}.{self.label or f'{self.signal}_{self.op}'}{self.stage and f'@{self.stage}'}"

    @property
    def kept_if(self) -> str:
        """What a document must reach, as rules are listed for people."""
        sign = ">=" if self.op == "min" else "<="
        bounds = [f"{sign} {self.bound:g}"] if math.isfinite(self.bound) else []
        bounds += [f"{language}: {sign} {bound:g}" for language, bound in self.by_language]
        return "; ".join(bounds) + (f", where {self.where}" if self.where else "")

    @property
    def asks_for_facts(self) -> bool:
        """Whether it must be told more of a document than the signals of its family."""
        return bool(self.by_language) or self.where is not None

    def check(self, columns: Mapping[str, pa.DataType], where: str) -> None:
        """Sees that the signal and the columns of its condition are there.

        Raises:
            ConfigError: one is not, or is compared with what it does not hold.
        """
        if self.signal not in columns:
            raise ConfigError(f"{where}: {self.family} has no signal {self.signal!r}; {did_you_mean(self.signal, columns)}")
        if self.where is not None:
            check(self.where, {**FACTS, **columns}, f"{where}: {self.name}: where")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Rules in the order in which the reason of a drop is chosen."""

    name: str
    version: int
    source: str
    rules: tuple[Rule, ...]


def names() -> list[str]:
    """The presets that come with assay."""
    return sorted(p.stem for p in HERE.glob("*.toml"))


def load_preset(name: str, where: str = "judge.presets") -> Preset:
    """A preset by name, or a file like it by path.

    Raises:
        ConfigError: there is none of that name, or the file breaks the format.
    """
    path = HERE / f"{name}.toml" if "/" not in name and not name.endswith(".toml") else Path(name)
    if not path.is_file():
        raise ConfigError(f"{where}: no preset is named {name!r}; {did_you_mean(name, names())}, or give the path of a TOML file")
    made = decode(PresetFile, load_toml(path), str(path.name))
    rules = tuple(rule for line in made.rules for rule in _rules(path.stem, line))
    twice = [rule for rule, count in Counter(rule.name for rule in rules).items() if count > 1]
    if twice:
        raise ConfigError(f"{path.name}: two rules are named {twice[0]!r}; give each a 'name' of its own")
    return Preset(name=path.stem, version=made.version, source=made.source, rules=rules)


def judge(rules: Sequence[Rule], doc_ids: pa.Array, signals: pa.RecordBatch) -> pa.RecordBatch:
    """A row for every rule that a document fails; ``position`` is the rule's place in ``rules``. A signal that is null fails nothing.

    ``signals`` has the signals of one family and, for rules that ask for them, ``FACTS`` with ``DOCUMENT`` before their names.
    """
    none = pa.RecordBatch.from_pylist([], schema=FAILED)
    return pa.concat_batches([none, *(_failed(rule, position, doc_ids, signals) for position, rule in enumerate(rules))])


def _failed(rule: Rule, position: int, doc_ids: pa.Array, signals: pa.RecordBatch) -> pa.RecordBatch:
    values = pc.cast(signals.column(rule.signal), pa.float64())
    bounds = _bounds(rule, signals)
    broken = pc.less(values, bounds) if rule.op == "min" else pc.greater(values, bounds)
    if rule.where is not None:
        broken = pc.and_kleene(broken, rule.where.holds(lambda name: _column(signals, name)))
    each = {"doc_id": pc.filter(doc_ids, broken), "value": pc.filter(values, broken), "threshold": pc.filter(bounds, broken)}
    same = {"rule": rule.name, "reason": rule.reason, "position": position}
    repeated = {name: pa.repeat(pa.scalar(value, FAILED.field(name).type), len(each["doc_id"])) for name, value in same.items()}
    columns = each | repeated
    return pa.RecordBatch.from_arrays([columns[name] for name in FAILED.names], schema=FAILED)


def _bounds(rule: Rule, signals: pa.RecordBatch) -> pa.Array:
    """The bound that applies to each row."""
    default = pa.repeat(pa.scalar(rule.bound, pa.float64()), signals.num_rows)
    if not rule.by_language:
        return default
    languages, bounds = zip(*rule.by_language, strict=True)
    places = pc.index_in(_column(signals, "language"), pa.array(languages, pa.string()))
    return pc.coalesce(pc.take(pa.array(bounds, pa.float64()), places), default)


def _column(signals: pa.RecordBatch, name: str) -> pa.Array:
    return signals.column(name if name in signals.schema.names else f"{DOCUMENT}{name}")


def _rules(preset: str, line: RuleLine) -> list[Rule]:
    """The one rule of a line."""
    sides: tuple[Literal["min", "max"], ...] = ("min", "max")
    where = None if line.where is None else parse(line.where)
    return [
        Rule(
            preset=preset, family=line.family, signal=line.signal, op=op, bound=bounds[0], reason=line.reason,
            by_language=bounds[1], where=where, label=line.name,
        )
        for op in sides
        if (bounds := line.bounds(op)) is not None
    ]  # fmt: skip
