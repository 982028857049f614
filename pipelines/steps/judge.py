"""judge: signals against rules. Every failed rule is a verdict with value and threshold; one is enough to drop a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.errors import ConfigError
from pipelines.contract.parts import Table
from pipelines.contract.registry import did_you_mean
from pipelines.contract.schema import FATES, SURVIVORS, VERDICTS
from pipelines.rules.preset import Rule, judge, load_preset
from pipelines.steps.base import LAST, Outcome, Work
from pipelines.steps.measure import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.steps.base import OptionalStep, Read
    from pipelines.steps.settings import Curation

FAMILY: Final = "signals_"
FAILURES: Final = pa.schema([("doc_id", pa.string()), ("position", pa.int64()), ("reason", pa.string())])


@dataclass(frozen=True)
class JudgeSignals:
    """Compares one family's signals with its rules; ``offsets`` puts the rules of all presets in one order."""

    rules: tuple[Rule, ...]
    positions: tuple[int, ...]

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Verdicts, and the place of each failed rule in the order of all rules."""
        failed = judge(self.rules, batch.column("doc_id"), batch)
        places = pc.take(pa.array(self.positions, pa.int64()), failed.column("position"))
        step = pa.array(["judge"] * failed.num_rows, pa.string())
        verdicts = {name: failed.column(name) for name in ("doc_id", "rule", "reason", "value", "threshold")} | {"step": step}
        failures = {"doc_id": failed.column("doc_id"), "position": places, "reason": failed.column("reason")}
        return {"verdicts": pa.RecordBatch.from_pydict(verdicts), "failures": pa.RecordBatch.from_pydict(failures)}


class Judge:
    """See the module."""

    name = "judge"
    version = 1

    def __init__(self, extra: Sequence[OptionalStep] = ()) -> None:
        """Takes the steps of the floors above, which may bring signals of their own."""
        self._extra = extra

    def rules(self, config: Curation) -> list[Rule]:
        """All rules of all presets in order.

        Raises:
            ConfigError: a rule asks for a signal that the run does not measure.
        """
        families = self._signals(config)
        found = [rule for name in config.judge.presets for rule in load_preset(name).rules]
        for rule in found:
            if rule.family not in families:
                raise ConfigError(f"judge.presets: a rule needs the signal family {rule.family!r}; add it to [measure] families")
            if rule.signal not in families[rule.family]:
                known = families[rule.family]
                raise ConfigError(f"judge.presets: {rule.family} has no signal {rule.signal!r}; {did_you_mean(rule.signal, known)}")
        return found

    def _signals(self, config: Curation) -> dict[str, list[str]]:
        """Names of the signals of each family that the run measures."""
        found = {name: family.columns.names for name, family in Measure().families(config).items()}
        brought = (step.outputs(config) for step in self._extra if step.is_wanted(config))
        tables = {name: schema for outputs in brought for name, schema in outputs.items() if name.startswith(FAMILY)}
        return found | {name.removeprefix(FAMILY): schema.names for name, schema in tables.items()}

    def params(self, config: Curation) -> Any:
        """The rules themselves, so that a changed bound is a changed key."""
        return [repr(rule) for rule in self.rules(config)]

    def parts(self, config: Curation) -> dict[str, int]:
        """The presets' versions."""
        return {f"preset {name}": load_preset(name).version for name in config.judge.presets}

    def reads(self, config: Curation) -> tuple[Read, ...]:
        """Signals of the families that rules ask for."""
        wanted = sorted({rule.family for rule in self.rules(config)})
        return ((LAST, "survivors"), *((LAST, f"signals_{name}") for name in wanted))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Verdicts, fates, survivors."""
        return {s.name: s.schema for s in (VERDICTS, FATES, SURVIVORS)}

    def run(self, work: Work) -> Outcome:
        """One narrow pass a family, over numbers only."""
        rules = self.rules(work.config)
        before = work.table(LAST, "survivors")
        gathered: dict[str, list[Table]] = {"verdicts": [], "failures": []}
        for family in sorted({rule.family for rule in rules}):
            given = self._family(work, family, rules, before)
            for name, tables in gathered.items():
                tables.append(given[name])
        verdicts, failures = (_union(name, gathered[name], schema) for name, schema in (("verdicts", VERDICTS.schema), ("failures", FAILURES)))
        fates = work.query("fates_of_verdicts", FATES.schema, {"failures": failures}, step="judge").renamed("fates")
        after = work.without(before, fates)
        return Outcome(tables={"verdicts": verdicts, "fates": fates, "survivors": after}, account=work.account(before, after, fates=fates))

    def _family(self, work: Work, family: str, rules: Sequence[Rule], alive: Table) -> dict[str, Table]:
        mine = [(place, rule) for place, rule in enumerate(rules) if rule.family == family]
        body = JudgeSignals(tuple(rule for _, rule in mine), tuple(place for place, _ in mine))
        return work.map(work.table(LAST, f"signals_{family}"), body, {"verdicts": VERDICTS.schema, "failures": FAILURES}, beside=alive)


def _union(name: str, tables: Sequence[Table], schema: pa.Schema) -> Table:
    return Table(name=name, schema=schema, files=tuple(f for t in tables for f in t.files))
