"""Presets: rules as data, and the vectorised comparison of signals with them.

A rule is a signal, a bound that a document may still reach, and the reason that a broken bound gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

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

    family: str
    signal: str
    reason: str
    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        """Rejects a rule with no bound or two."""
        if (self.min is None) == (self.max is None):
            raise ValueError(f"the rule on {self.signal!r} needs exactly one of 'min' and 'max'")


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetFile:
    """A preset's file."""

    version: int
    source: str
    rules: tuple[RuleLine, ...] = field(default=())


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
    return Preset(name=path.stem, version=made.version, source=made.source, rules=tuple(_rule(path.stem, line) for line in made.rules))


def judge(rules: Sequence[Rule], doc_ids: pa.Array, signals: pa.RecordBatch) -> pa.RecordBatch:
    """A row for every rule that a document fails; ``position`` is the rule's place in ``rules``. A signal that is null fails nothing."""
    pieces = []
    for position, rule in enumerate(rules):
        values = pc.cast(signals.column(rule.signal), pa.float64())
        broken = pc.less(values, rule.bound) if rule.op == "min" else pc.greater(values, rule.bound)
        ids = pc.filter(doc_ids, broken)
        same: list[tuple[Any, pa.DataType]] = [(rule.name, pa.string()), (rule.reason, pa.string())]
        said = [pa.repeat(pa.scalar(value, kind), len(ids)) for value, kind in same]
        bound = pa.repeat(pa.scalar(rule.bound, pa.float64()), len(ids))
        place = pa.repeat(pa.scalar(position, pa.int32()), len(ids))
        pieces.append(pa.RecordBatch.from_arrays([ids, *said, pc.filter(values, broken), bound, place], schema=FAILED))
    return (
        pa.Table.from_batches(pieces, schema=FAILED).combine_chunks().to_batches(max_chunksize=None)[0]
        if any(p.num_rows for p in pieces)
        else _none()
    )


def _none() -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=FAILED)


def _rule(preset: str, line: RuleLine) -> Rule:
    op: Literal["min", "max"] = "min" if line.min is not None else "max"
    bound = line.min if line.min is not None else line.max
    return Rule(preset=preset, family=line.family, signal=line.signal, op=op, bound=float(bound or 0.0), reason=line.reason)
