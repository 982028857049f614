"""Presets: rules as data, and the vectorised comparison of signals with them.

A rule is a signal, a bound that a document may still reach, and the reason that a broken bound gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.config import decode, load_toml
from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE: Final = Path(__file__).parent
FAILED: Final = pa.schema([
    ("doc_id", pa.string()), ("rule", pa.string()), ("reason", pa.string()), ("value", pa.float64()), ("threshold", pa.float64()),
    ("position", pa.int32()),
])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """A rule as a preset's file has it; exactly one of ``min`` and ``max``."""

    family: str  # signal family of the signal
    signal: str  # column of the family's table
    reason: str  # what fates and verdicts say of a document that breaks the rule; the fault, not the virtue
    min: float | None = None  # a document below it is dropped
    max: float | None = None  # a document above it is dropped

    def __post_init__(self) -> None:
        """Rejects a rule with no bound or two."""
        if (self.min is None) == (self.max is None):
            raise ValueError(f"the rule on {self.signal!r} needs exactly one of 'min' and 'max'")


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetFile:
    """A preset's file."""

    version: int  # goes up whenever a document could be judged otherwise
    source: str  # whose rules these are
    rules: tuple[RuleLine, ...] = field(default=())  # in the order in which the reason of a drop is chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A document whose signal is at the bound is kept."""

    preset: str
    family: str
    signal: str
    op: Literal["min", "max"]
    bound: float
    reason: str

    @property
    def name(self) -> str:
        """Preset, signal and side, as verdicts show it."""
        return f"{self.preset}.{self.signal}_{self.op}"


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


def load_preset(name: str) -> Preset:
    """A preset by name, or a file like it by path.

    Raises:
        ConfigError: there is none of that name, or the file breaks the format.
    """
    path = HERE / f"{name}.toml" if "/" not in name and not name.endswith(".toml") else Path(name)
    if not path.is_file():
        raise ConfigError(f"judge.presets: no preset is named {name!r}; {did_you_mean(name, names())}, or give the path of a TOML file")
    made = decode(PresetFile, load_toml(path), str(path.name))
    rules = tuple(rule for line in made.rules for rule in _rules(path.stem, line))
    return Preset(name=path.stem, version=made.version, source=made.source, rules=rules)


def judge(rules: Sequence[Rule], doc_ids: pa.Array, signals: pa.RecordBatch) -> pa.RecordBatch:
    """A row for every rule that a document fails; ``position`` is the rule's place in ``rules``. A signal that is null fails nothing."""
    none = pa.RecordBatch.from_pylist([], schema=FAILED)
    return pa.concat_batches([none, *(_failed(rule, position, doc_ids, signals) for position, rule in enumerate(rules))])


def _failed(rule: Rule, position: int, doc_ids: pa.Array, signals: pa.RecordBatch) -> pa.RecordBatch:
    values = pc.cast(signals.column(rule.signal), pa.float64())
    broken = pc.less(values, rule.bound) if rule.op == "min" else pc.greater(values, rule.bound)
    each = {"doc_id": pc.filter(doc_ids, broken), "value": pc.filter(values, broken)}
    same = {"rule": rule.name, "reason": rule.reason, "threshold": rule.bound, "position": position}
    repeated = {name: pa.repeat(pa.scalar(value, FAILED.field(name).type), len(each["doc_id"])) for name, value in same.items()}
    columns = each | repeated
    return pa.RecordBatch.from_arrays([columns[name] for name in FAILED.names], schema=FAILED)


def _rules(preset: str, line: RuleLine) -> list[Rule]:
    """The one rule of a line."""
    sides: tuple[tuple[Literal["min", "max"], float | None], ...] = (("min", line.min), ("max", line.max))
    return [
        Rule(preset=preset, family=line.family, signal=line.signal, op=op, bound=bound, reason=line.reason)
        for op, bound in sides
        if bound is not None
    ]
