"""judge: signals against rules. Every failed rule is a verdict with value and threshold; one is enough to drop a document.

With several stages each is judged by the signals of its own text, and the first failed rule in the order of the stages gives the reason. A text that
a later stage left blank fails there, before that stage's rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.columns import column
from pipelines.contract.config import encode
from pipelines.contract.parts import scratch, union
from pipelines.contract.schema import FATES, SURVIVORS, VERDICTS
from pipelines.rules.preset import DOCUMENT, FACTS, Rule, judge
from pipelines.steps.base import LAST, Outcome, Work
from pipelines.steps.stages import Round, check_rules, rounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.contract.parts import Table
    from pipelines.steps.base import OptionalStep, Read
    from pipelines.steps.settings import Curation

FAMILY: Final = "signals_"
FAILURES: Final = scratch(pa.schema([("doc_id", pa.string()), ("position", pa.int64()), ("reason", pa.string())]))
_FACTS: Final = scratch(pa.schema([column("doc_id", pa.string(), ""), *(column(f"{DOCUMENT}{name}", of, "") for name, of in FACTS.items())]))
_Placed = tuple[int, Rule]


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

    def params(self, config: Curation) -> Any:
        """The rules themselves, so that a changed bound is a changed key."""
        return [encode(rule) for stage in rounds(config) for rule in stage.rules]

    def parts(self, config: Curation) -> dict[str, int]:
        """The presets' versions."""
        check_rules(rounds(config), self._brought(config))
        return {f"preset {preset.name}": preset.version for stage in rounds(config) for preset in stage.presets}

    def reads(self, config: Curation) -> tuple[Read, ...]:
        """Signals of the families that rules ask for, and texts where a rule asks for more of a document."""
        signals = [(LAST, stage.signals(family)) for stage, family, _ in _by_family(config)]
        texts = [("clean", stage.texts) for stage in rounds(config) if any(rule.asks_for_facts for rule in stage.rules)]
        return ((LAST, "survivors"), *signals, *texts)

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Verdicts, fates, survivors."""
        return {s.name: s.schema for s in (VERDICTS, FATES, SURVIVORS)}

    def run(self, work: Work) -> Outcome:
        """One narrow pass a family, over numbers only."""
        before = work.table(LAST, "survivors")
        gathered: dict[str, list[Table]] = {"verdicts": [], "failures": []}
        known: dict[str, Table] = {}  # what conditions ask for, by stage
        for stage, family, rules in _by_family(work.config):
            beside = before.only("doc_id")  # a family may well have a signal named num_bytes
            if any(rule.asks_for_facts for _, rule in rules):
                if stage.texts not in known:
                    given = {"survivors": before, "texts": work.table("clean", stage.texts)}
                    known[stage.texts] = work.query("facts_of_survivors", _FACTS, given)
                beside = known[stage.texts]
            body = JudgeSignals(tuple(rule for _, rule in rules), tuple(place for place, _ in rules))
            schemas = {"verdicts": VERDICTS.schema, "failures": FAILURES}
            judged = work.map(work.table(LAST, stage.signals(family)), body, schemas, beside=beside)
            for name, tables in gathered.items():
                tables.append(judged[name])
        verdicts, failures = (union(name, gathered[name], schema) for name, schema in (("verdicts", VERDICTS.schema), ("failures", FAILURES)))
        fates = work.query("fates_of_verdicts", FATES.schema, {"failures": failures}, step="judge").renamed("fates")
        after = work.without(before, fates)
        return Outcome(tables={"verdicts": verdicts, "fates": fates, "survivors": after}, account=work.account(before, after, fates=fates))

    def _brought(self, config: Curation) -> dict[str, pa.Schema]:
        """The signals that steps of the floors above bring, by family."""
        tables = {name: schema for step in self._extra if step.is_wanted(config) for name, schema in step.outputs(config).items()}
        return {name.removeprefix(FAMILY): schema for name, schema in tables.items() if name.startswith(FAMILY)}


def _by_family(config: Curation) -> Iterator[tuple[Round, str, list[_Placed]]]:
    """The rules of each stage by family, each with its place in the order of all rules."""
    first = 0
    for stage in rounds(config):
        placed = list(enumerate(stage.rules, first))
        first += len(placed)
        for family in sorted({rule.family for rule in stage.rules}):
            yield stage, family, [(place, rule) for place, rule in placed if rule.family == family]
