"""Passes: what steps do to every row of a table, so that several of them can share one reading of it.

A step that reads a table of an earlier one and nothing else says so as a pass. While the earlier step writes that table, the pass rides along: its
body gets the rows from memory. It remains the later step's: its tables, its books, its key. A step that finds what its pass made takes it; a pass
whose host did not publish the very rows that it saw, or whose parameters changed meanwhile, has made nothing, and the step reads the table itself.
No step is done before its own manifest is there, so what rode in a run that was killed is done anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.contract.parts import Table, attempts_of, of_attempts, union
from pipelines.engine.base import Rider
from pipelines.steps.base import Aboard, Pass, PassingStep, Step, Work
from pipelines.steps.settings import Curation

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What a pass made while it rode."""

    seen: frozenset[str] | None  # the attempts whose rows it saw; None where the host only handed them on
    tables: Mapping[str, Table]
    params: Any


@dataclass
class Riding:
    """What rides in a run, and what it left for the steps that are still to come."""

    config: Curation
    steps: Sequence[Step]  # of the run, as far as it goes
    work: Callable[[Step, Path], Work]  # a step's work in a folder, with the inputs that are there by now
    attempt: Callable[[str], Path]
    carried: dict[tuple[str, str], Carried] = field(default_factory=dict)

    def riders(self, step: str, outputs: Mapping[str, pa.Schema]) -> tuple[tuple[Rider, ...], list[Aboard]]:
        """What rides on the tables that a step writes, and on what rides."""
        return self._riders(step, outputs, "")

    def keep(self, aboard: Sequence[Aboard], made: Mapping[str, Table]) -> None:
        """Takes what riders made of a verb's tables."""
        for one in aboard:
            prefix = f"{_named(one.step, one.its)}/"
            tables = {name: _renamed(made[prefix + name], name) for name in one.its.outputs}
            host = made.get(one.host + one.its.reads[1])
            new = Carried(seen=None if host is None else attempts_of(host), tables=tables, params=one.params)
            self.carried[one.step, one.its.name] = _both(self.carried.get((one.step, one.its.name)), new)

    def steps_on(self, step: str) -> tuple[str, ...]:
        """Names of the steps whose passes ride on a step, or on what rides on it; none where the step's own pass has ridden, and they with it."""
        if any(name == step for name, _ in self.carried):
            return ()
        direct = [one.name for one in self.steps if isinstance(one, PassingStep) and any(its.reads[0] == step for its in one.passes(self.config))]
        return tuple(dict.fromkeys(name for one in direct for name in (one, *self.steps_on(one))))

    def is_ridden(self, step: str, table: str) -> bool:
        """Whether a pass of a step to come reads a table of a step."""
        return any(its.reads == (step, table) for one in self.steps if isinstance(one, PassingStep) for its in one.passes(self.config))

    def take(self, step: str, its: Pass, table: Table | None) -> Mapping[str, Table] | None:
        """What a pass made of the very rows of a table, with the parameters that its step has now; None where it did not ride, or rode on others."""
        found = self.carried.pop((step, its.name), None)
        if found is None or found.params != next(one for one in self.steps if one.name == step).params(self.config):
            return None
        if table is None or found.seen is None:
            return found.tables if table is None and found.seen is None else None
        attempts = attempts_of(table)
        return {name: of_attempts(made, attempts) for name, made in found.tables.items()} if attempts <= found.seen else None

    def _riders(self, host: str, outputs: Mapping[str, pa.Schema], prefix: str) -> tuple[tuple[Rider, ...], list[Aboard]]:
        riders, aboard = [], []
        for step in self.steps:
            for its in step.passes(self.config) if isinstance(step, PassingStep) else ():
                if its.reads[0] == host and its.reads[1] in outputs:
                    rider, more = self._rider(step, its, outputs[its.reads[1]], prefix)
                    riders.append(rider)
                    aboard += more
        return tuple(riders), aboard

    def _rider(self, step: Step, its: Pass, schema: pa.Schema, prefix: str) -> tuple[Rider, list[Aboard]]:
        params = step.params(self.config)  # before the body is made: of a file that changes between the two, the step must see that it changed
        folder = self.attempt(step.name)
        work = self.work(step, folder)
        body = its.make(work)
        work.warm(body, schema, its.columns, its.beside)
        name = _named(step.name, its)
        riders, aboard = self._riders(step.name, its.outputs, f"{name}/")
        rider = Rider(
            name=name, rides=its.reads[1], schema=schema, body=body, outputs=its.outputs, folder=folder / its.name, columns=its.columns,
            beside=(its.beside.name, its.beside.schema) if its.beside else None, riders=riders,
        )  # fmt: skip
        own = Aboard(step=step.name, its=its, host=prefix, params=params)
        return rider, [own, *aboard]


def _both(earlier: Carried | None, new: Carried) -> Carried:
    """What a pass made while it rode on two verbs of a step, such as one that reads and one that writes a few files anew."""
    if earlier is None or earlier.seen is None or new.seen is None or earlier.params != new.params:
        return new
    tables = {name: union(name, (earlier.tables[name], made), made.schema) for name, made in new.tables.items()}
    return Carried(seen=earlier.seen | new.seen, tables=tables, params=new.params)


def _named(step: str, its: Pass) -> str:
    return f"{step}.{its.name}"


def _renamed(table: Table, name: str) -> Table:
    return Table(name=name, schema=table.schema, files=tuple(replace(file, table=name) for file in table.files))
