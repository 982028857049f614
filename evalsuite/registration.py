"""Benchmark items as a table, so that a corpus can be searched for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from evalsuite.base import Part, Task, TaskContext
from evalsuite.parameters import parameters
from pipelines.contract.errors import PartError
from pipelines.contract.schema import BENCHMARK_ITEMS, JOINED

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalsuite.base import Item, Status


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
        for part in (*item.parts, *_joined(item))
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS.schema)


def _joined(item: Item) -> tuple[Part, ...]:
    """Question and answer as one text, for an item that has both; a task that gives a part of this name has said what it wants."""
    if not {part.role for part in item.parts} >= {"input", "label"} or any(part.name == JOINED for part in item.parts):
        return ()
    texts = [part.text for role in ("input", "label") for part in item.parts if part.role == role]
    return (Part(name=JOINED, text="\n".join(texts), role="both"),)


def unique_items(name: str, task: Task, context: TaskContext) -> list[Item]:
    """A task's items.

    Raises:
        PartError: two have one id, so that their statuses could not be told apart.
    """
    items = list(task.items(context))
    if len({item.item_id for item in items}) != len(items):
        raise PartError(f"task {name}: {len(items)} items share {len({item.item_id for item in items})} ids; each needs its own")
    return items


def status_in(known: Mapping[tuple[str, str], Status]) -> Callable[[str, str], Status]:
    """A look-up for scoring, from statuses by benchmark and item_id; an item that the corpus was not searched for is unchecked, never clean."""
    return lambda task, item_id: known.get((task, item_id), "unchecked")
