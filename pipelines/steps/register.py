"""register: items of benchmarks as a table. The evaluation side makes them; here they only become a step like any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import pyarrow as pa

from pipelines.contract.parts import PartWriter, scratch, tables_of
from pipelines.contract.schema import BENCHMARK_ITEMS, SURVIVORS, TEXTS
from pipelines.steps.base import LAST, Outcome, Work
from pipelines.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.steps.base import Read
    from pipelines.steps.settings import Curation

HELDOUT_ROWS = 50_000
IDS: Final = scratch(pa.schema([("doc_id", pa.string())]))
HELDOUT: Final = scratch(pa.schema([TEXTS.schema.field(name) for name in ("doc_id", "text", "source")]))


@dataclass(frozen=True)
class TakeHeldout:
    """The texts that items are made of."""

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """The rows as they are: those that have a partner beside them."""
        return {"heldout": batch}


class Registration(Protocol):
    """What the evaluation side hands over."""

    def params(self) -> Any:
        """What decides the items: tasks, versions, data; as JSON."""
        ...

    def items(self, heldout: pa.Table, count_words: Callable[[str], int]) -> pa.Table:
        """Items in the schema BENCHMARK_ITEMS. ``heldout`` holds doc_id, text and source of held-out documents, in the order of doc_id."""
        ...


class Register:
    """See the module."""

    name = "register"
    version = 2

    def __init__(self, registration: Registration) -> None:
        """Takes what the evaluation side hands over."""
        self._registration = registration

    def params(self, config: Curation) -> Any:  # noqa: ARG002
        """What the evaluation side says decides the items."""
        return self._registration.params()

    def parts(self, config: Curation) -> dict[str, int]:  # noqa: ARG002
        """The tasks' versions are in the parameters."""
        return {}

    def reads(self, config: Curation) -> tuple[Read, ...]:  # noqa: ARG002
        """The held-out side."""
        return (("clean", "texts"), ("split", "splits"), (LAST, "survivors"))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Items and the survivors as they came."""
        return {"benchmark_items": BENCHMARK_ITEMS.schema, "survivors": SURVIVORS.schema}

    def run(self, work: Work) -> Outcome:
        """Hands the lowest held-out documents over and writes what comes back."""
        survivors = work.table(LAST, "survivors")
        chosen = work.query("heldout_ids", IDS, {"survivors": survivors, "splits": work.table("split", "splits")}, max_rows=HELDOUT_ROWS)
        texts = work.table("clean", "texts")
        heldout = work.map(texts, TakeHeldout(), {"heldout": HELDOUT}, columns=HELDOUT.names, beside=chosen)["heldout"]
        account = work.unchanged(survivors, heldout, expected=chosen)
        account.check(self.name)  # before items are made: a task that is given a document twice complains in words of its own
        rows = work.engine.rows(heldout, HELDOUT_ROWS).sort_by("doc_id")
        items = self._registration.items(rows, count_words)
        with PartWriter(work.subfolder("items"), {"benchmark_items": BENCHMARK_ITEMS.schema}) as writer:
            writer.write({"benchmark_items": items})
        written = tables_of(writer.files, {"benchmark_items": BENCHMARK_ITEMS.schema})
        return Outcome(tables={**written, "survivors": survivors}, account=account)
