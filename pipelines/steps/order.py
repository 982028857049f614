"""The order of the steps of a run, and what each of them reads in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.contract.errors import PartError
from pipelines.contract.reference import Ref
from pipelines.contract.registry import did_you_mean
from pipelines.steps.base import EVERY, LAST, OptionalStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.steps.base import Step
    from pipelines.steps.settings import Curation


@dataclass(frozen=True, slots=True)
class Found:
    """What a step reads from one place: the steps that wrote the table, as the step names them."""

    asked: tuple[str, str]
    writers: tuple[str, ...]


class Order:
    """The steps of a run. Each reads only what steps before it write, which is checked before the first works."""

    def __init__(self, steps: Sequence[Step], config: Curation) -> None:
        """Leaves out the optional steps that the run file does not ask for.

        Raises:
            PartError: a step reads a table that no step before it writes.
        """
        self.steps = tuple(step for step in steps if not isinstance(step, OptionalStep) or step.is_wanted(config))
        self._config = config
        self._outputs = {step.name: frozenset(step.outputs(config)) for step in self.steps}

    @property
    def names(self) -> list[str]:
        """Names in order."""
        return [step.name for step in self.steps]

    def step(self, name: str) -> Step:
        """The step of a name."""
        return next(step for step in self.steps if step.name == name)

    def found(self, step: Step) -> tuple[Found, ...]:
        """The earlier steps that a step reads from, table by table.

        Raises:
            PartError: no earlier step writes such a table.
        """
        return tuple(self._found(step, read) for read in step.reads(self._config) if not isinstance(read, Ref))

    def refs(self, step: Step) -> tuple[Ref, ...]:
        """The tables of other warehouses that a step reads."""
        return tuple(read for read in step.reads(self._config) if isinstance(read, Ref))

    def _found(self, step: Step, asked: tuple[str, str]) -> Found:
        of, table = asked
        earlier = self.names[: self.names.index(step.name)]
        writers = [name for name in earlier if table in self._outputs[name] and of in (EVERY, LAST, name)]
        if not writers and of != EVERY:
            raise PartError(f"the step {step.name!r} reads {table!r} of {of or 'an earlier step'!r}, which no step before it writes: {earlier}")
        return Found(asked, tuple(writers if of != LAST else writers[-1:]))


def placed(steps: Sequence[Step], optional: Iterable[OptionalStep]) -> tuple[Step, ...]:
    """The steps with each optional one behind the step that it follows; of several behind one step, the first given comes first.

    Raises:
        PartError: there is no step of that name, or a name is there twice.
    """
    order: list[Step] = list(steps)
    behind: dict[str, int] = {}
    for step in optional:
        names = [one.name for one in order]
        if step.after not in names or step.name in names:
            what = f"follows {step.after!r}, which is no step; {did_you_mean(step.after, names)}" if step.name not in names else "is there twice"
            raise PartError(f"the step {step.name!r} {what}")
        order.insert(names.index(step.after) + 1 + behind.get(step.after, 0), step)
        behind[step.after] = behind.get(step.after, 0) + 1
    return tuple(order)
