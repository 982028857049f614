"""Riders: bodies that go over the rows of a table while another body writes it, so that several steps share one reading of the text.

A rider gives what ``map_batches`` over the finished table would give: bodies are pure functions of rows, whatever the batch they come in. Its tables
lie in a folder of its own and have its name before theirs, as in ``clean/texts``. Riders may carry riders.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.columns import conform
from pipelines.contract.parts import PartWriter, by_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    from pipelines.contract.parts import PartFile
    from pipelines.engine.base import Body, Rider, Rows

BATCH_BYTES: Final = 4 << 20
KEY: Final = "doc_id"  # by which rows of two tables stand beside each other


def _beside(rider: Rider, rows: Rows) -> pa.RecordBatch | pa.Table:
    """The rows that a rider rides on, with the columns of the table beside them: what their join would give, which a body makes of one batch."""
    ridden = rows[rider.rides]
    if rider.beside is None:
        return ridden
    name, schema = rider.beside
    other = rows[name]
    places = pc.index_in(ridden.column(KEY), value_set=other.column(KEY))
    for field in schema:
        if field.name != KEY:
            ridden = ridden.append_column(field, other.column(field.name).take(places))
    return ridden


def all_outputs(outputs: Mapping[str, pa.Schema], riders: tuple[Rider, ...]) -> dict[str, pa.Schema]:
    """The tables of a verb and of all that rides on it, by the names that part files have."""
    found = dict(outputs)
    for rider in riders:
        found |= {f"{rider.name}/{table}": schema for table, schema in rider.outputs.items()}
        found |= all_outputs({}, rider.riders)
    return found


class Branch:
    """Writes what a body gives and drives what rides on it; a context manager, and ``files`` holds everything once it is left."""

    def __init__(
        self,
        folder: Path,
        outputs: Mapping[str, pa.Schema],
        riders: tuple[Rider, ...],
        guard: Callable[[Body, Path], AbstractContextManager[None]],
        attempt: str,
    ) -> None:
        """``guard`` turns what a rider's body raises into an error that can be shown; ``attempt`` names the files of the whole tree."""
        self._writer = PartWriter(folder, outputs, attempt=attempt)
        self._outputs = outputs
        self._guard = guard
        self._riders = [(rider, Branch(rider.folder, rider.outputs, rider.riders, guard, attempt)) for rider in riders]
        self._inside = ExitStack()
        self._taken_s = 0.0  # CPU seconds of rows taken, those of its own riders included
        self.files: list[PartFile] = []

    def write(self, result: Rows | Iterator[Rows]) -> None:
        """The rows of a batch at once, or, from a body that reads much for one row, piece by piece."""
        handed_on = {rider.rides for rider, _ in self._riders} - self._outputs.keys()
        for rows in (result,) if isinstance(result, Mapping) else result:
            self._writer.write({name: made for name, made in rows.items() if name not in handed_on})
            for rider, branch in self._riders:
                if rider.rides in rows:
                    branch._take(rider, _beside(rider, rows))  # noqa: SLF001 - a branch of the same tree

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds of each rider by name, without those of its own riders."""
        found: dict[str, float] = {}
        for rider, branch in self._riders:
            found |= branch.cpu_s()
            found[rider.name] = branch._taken_s - sum(inner._taken_s for _, inner in branch._riders)  # noqa: SLF001 - same
        return found

    def _take(self, rider: Rider, rows: pa.RecordBatch | pa.Table) -> None:
        start = time.process_time()
        own = pa.schema([rider.schema.field(name) for name in rider.columns or rider.schema.names])
        wanted = pa.schema([*own, *(field for field in rider.beside[1] if field.name != KEY)]) if rider.beside else own
        names = wanted.names
        batches = rows.select(names).to_batches() if isinstance(rows, pa.Table) else [rows.select(names)]
        for batch in by_bytes(batches, BATCH_BYTES):
            if batch.num_rows:
                with self._guard(rider.body, rider.folder):
                    self.write(rider.body(conform(batch, wanted)))
        self._taken_s += time.process_time() - start

    def __enter__(self) -> Self:
        """The branch itself."""
        self._inside.enter_context(self._writer)
        for _, branch in self._riders:
            self._inside.enter_context(branch)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        """Closes every file of the tree, or, after an error, leaves them behind unnamed."""
        self._inside.__exit__(kind, value, trace)
        if kind is None:
            self.files = list(self._writer.files)
            for rider, branch in self._riders:
                own = set(rider.outputs)
                self.files += [replace(f, table=f"{rider.name}/{f.table}") if f.table in own else f for f in branch.files]
