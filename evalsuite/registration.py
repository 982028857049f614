"""Benchmark items as a table, so that a corpus can be searched for them, and what the search says about each item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from evalsuite.base import Task, TaskContext
from evalsuite.parameters import parameters
from pipelines.contract.errors import PartError
from pipelines.contract.schema import BENCHMARK_ITEMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalsuite.base import Item, Status


class Checkable(Protocol):
    """Whether a part can be looked for at all: by 13-grams, or whole. The rule belongs to contamination, which hands it in."""

    def __call__(self, num_words: int, *, match_whole: bool) -> bool:
        """True if a part of this many words is looked for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRegistration:
    """What the step ``register`` is handed: the tasks whose items must not be in the corpus."""

    tasks: Mapping[str, Task]

    def params(self) -> Any:
        """What decides the items: versions, parameters and data of the tasks, as JSON; not where their files stand.

        Raises:
            InputError: a benchmark file is missing.
        """
        return {name: {"version": task.version, "params": parameters(task), "data": task.data()} for name, task in sorted(self.tasks.items())}

    def items(self, heldout: pa.Table, count_words: Callable[[str], int]) -> pa.Table:
        """Items in the schema BENCHMARK_ITEMS."""
        return benchmark_items(self.tasks, heldout, count_words)


def benchmark_items(tasks: Mapping[str, Task], heldout: pa.Table | None, count_words: Callable[[str], int]) -> pa.Table:
    """All parts of all items; ``count_words`` counts as contamination does.

    Raises:
        InputError: a benchmark file is missing, or a task needs the held-out side and there is none.
        PartError: a task gives two items of one id.
    """
    rows = [
        {
            "benchmark": name, "item_id": item.item_id, "part": part.name, "role": part.role, "text": part.text,
            "num_words": count_words(part.text), "match_whole": part.match_whole, "has_answer": item.has_answer,
        }
        for name, task in sorted(tasks.items())
        for item in unique_items(name, task, TaskContext(heldout=heldout))
        for part in item.parts
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS.schema)


def unique_items(name: str, task: Task, context: TaskContext) -> list[Item]:
    """A task's items.

    Raises:
        PartError: two have one id, so that their statuses could not be told apart.
    """
    items = list(task.items(context))
    if len({item.item_id for item in items}) != len(items):
        raise PartError(f"task {name}: {len(items)} items share {len({item.item_id for item in items})} ids; each needs its own")
    return items


def statuses(items: pa.Table, contamination: pa.Table, *, checkable: Checkable) -> dict[tuple[str, str], Status]:
    """What a corpus says about each registered item, by benchmark and item_id.

    contaminated: a document of the corpus holds part of it and stayed (action ``flag``; what was cut or dropped is no longer there).
    unchecked: none of its parts is long enough to be looked for. clean: the others. An item that was not registered is in no mapping, and
    ``status_in`` calls it unchecked.
    """
    keys, words, whole = _keys(items), items.column("num_words").to_pylist(), items.column("match_whole").to_pylist()
    looked_for = {key for key, n, m in zip(keys, words, whole, strict=True) if checkable(n, match_whole=m)}
    flagged = {key for key, action in zip(_keys(contamination), contamination.column("action").to_pylist(), strict=True) if action == "flag"}
    return {key: "contaminated" if key in flagged else "clean" if key in looked_for else "unchecked" for key in keys}


def status_in(known: Mapping[tuple[str, str], Status]) -> Callable[[str, str], Status]:
    """A look-up for scoring; an item that the corpus was not searched for is unchecked, never clean."""
    return lambda task, item_id: known.get((task, item_id), "unchecked")


def _keys(table: pa.Table) -> list[tuple[str, str]]:
    return list(zip(table.column("benchmark").to_pylist(), table.column("item_id").to_pylist(), strict=True))
