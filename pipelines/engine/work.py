"""What a worker does, on any engine: read pieces of Parquet, call a body, write part files, hand back what they are.

Errors leave a worker as an AssayError without a word of the corpus; anything else becomes a PartError that names the place in the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.columns import conform
from pipelines.contract.errors import PartError
from pipelines.contract.parts import Table, new_attempt, read_row_groups, read_table
from pipelines.engine.base import FILE, Body, Rider
from pipelines.engine.guard import guarded
from pipelines.engine.reports import Report, report_of
from pipelines.engine.riders import BATCH_BYTES, Branch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt


class Unit(NamedTuple):
    """A row group. Its size is its share of the file's, as the writer cuts row groups by bytes: known without opening a file."""

    path: str
    row_group: int
    num_rows: int
    num_bytes: int


@dataclass(frozen=True, kw_only=True)
class Job:
    """One verb's work, without the rows. It pickles, so that any worker of any engine can do a share of it."""

    body: Body
    schema: pa.Schema
    outputs: Mapping[str, pa.Schema]
    folder: Path
    columns: tuple[str, ...] | None = None
    beside: Table | None = None
    riders: tuple[Rider, ...] = ()
    attempts: int = 1  # how often the engine tries a share of it

    def branch(self) -> Branch:
        """What writes the tables of one attempt."""
        return Branch(self.folder, self.outputs, self.riders, guarded, new_attempt())


def units_of(table: Table) -> list[Unit]:
    """Every (file, row group) of a table, in order."""
    return [
        Unit(f.path, group, _share(f.num_rows, group, f.num_row_groups), _share(f.num_bytes, group, f.num_row_groups))
        for f in sorted(table.files, key=lambda f: f.path)
        for group in range(f.num_row_groups)
    ]


def _share(whole: int, number: int, count: int) -> int:
    return whole * (number + 1) // count - whole * number // count


def chunks_of(units: Sequence[Unit], count: int) -> list[list[Unit]]:
    """At most ``count`` runs of units of about the same number of bytes, none empty: a unit is in the run that its middle falls into."""
    runs: list[list[Unit]] = [[] for _ in range(count)]
    total, before = sum(u.num_bytes for u in units), 0
    for unit in units:
        runs[min(count - 1, (2 * before + unit.num_bytes) * count // (2 * total or 1))].append(unit)
        before += unit.num_bytes
    return [run for run in runs if run]


def map_units(job: Job, units: Sequence[Unit]) -> Report:
    """``map_batches`` for some units. One attempt: its files have names of their own."""
    with guarded(job.body, job.folder), job.branch() as branch:
        for path, of_file in groupby(units, key=lambda unit: unit.path):  # a file is opened once, however many row groups it has
            for batch in read_row_groups(
                path, [unit.row_group for unit in of_file], job.schema, BATCH_BYTES, None if job.columns is None else list(job.columns)
            ):
                joined = batch if job.beside is None else side_of(job.beside).join(batch)
                if joined.num_rows:
                    branch.write(job.body(joined.replace_schema_metadata({FILE: path})))
    return report_of(branch.files, riders_cpu_s=branch.cpu_s())


def map_sorted(job: Job, batches: Iterable[pa.RecordBatch], key: str) -> Report:
    """``map_groups`` for rows sorted by key and order."""
    with guarded(job.body, job.folder), job.branch() as branch:
        for group in groups_of(batches, key):
            branch.write(job.body(conform(group, job.schema)))
    return report_of(branch.files)


def map_rows(job: Job, batches: Iterable[pa.RecordBatch]) -> Report:
    """``map_batches`` for rows that an engine brings itself."""
    with guarded(job.body, job.folder), job.branch() as branch:
        for batch in batches:
            if batch.num_rows:
                branch.write(job.body(batch))
    return report_of(branch.files, riders_cpu_s=branch.cpu_s())


def groups_of(batches: Iterable[pa.RecordBatch], key: str) -> Iterator[pa.Table]:
    """Runs of equal keys as tables; a run may cross batches."""
    held: list[pa.RecordBatch] = []
    current: object = None
    for batch in batches:
        start = 0
        keys = batch.column(key).to_pylist()
        for position in range(1, len(keys) + 1):
            if position < len(keys) and keys[position] == keys[start]:
                continue
            if held and keys[start] != current:
                yield pa.Table.from_batches(held)
                held = []
            current = keys[start]
            held.append(batch.slice(start, position - start))
            start = position
    if held:
        yield pa.Table.from_batches(held)


class Side:
    """A table held beside the rows of a map, looked up by doc_id: an id and its columns a row, about three times that while it is sorted.

    Ids are text or binary. Those of one length are compared where they lie; others are copied.
    """

    def __init__(self, table: Table) -> None:
        """Reads the table whole and sorts it by doc_id."""
        rows = read_table(table)
        whole = rows.column("doc_id").combine_chunks()
        lengths = pc.min_max(pc.binary_length(whole)).as_py()
        if whole.null_count:
            raise PartError(f"the table {table.name!r} stands beside a map, but {whole.null_count} of its doc_ids are null")
        self._width, self._is_even = lengths["max"] or 1, lengths["min"] == lengths["max"]
        ids = self._keys(whole)
        order = np.argsort(ids, kind="stable")
        self._ids = ids[order]
        if len(self._ids) > 1 and bool((self._ids[1:] == self._ids[:-1]).any()):
            raise PartError(f"the table {table.name!r} stands beside a map, but a doc_id occurs in it twice")
        self._columns = rows.drop_columns(["doc_id"]).take(pa.array(order)).combine_chunks()

    def join(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of a batch that have a partner, with the partner's columns."""
        sizes = pc.binary_length(batch.column("doc_id"))
        fits = pc.fill_null(pc.equal(sizes, self._width) if self._is_even else pc.less_equal(sizes, self._width), False)
        batch = batch if pc.all(fits).as_py() else batch.filter(fits)
        ids = self._keys(batch.column("doc_id"))
        places = np.searchsorted(self._ids, ids)
        found = places < len(self._ids)
        found[found] = self._ids[places[found]] == ids[found]
        kept = batch.take(pa.array(np.flatnonzero(found)))
        partners = self._columns.take(pa.array(places[found]))
        arrays = [*kept.columns, *(c.combine_chunks() if c.num_chunks != 1 else c.chunk(0) for c in partners.columns)]
        return pa.RecordBatch.from_arrays(arrays, names=[*kept.schema.names, *partners.schema.names])

    def _keys(self, ids: pa.Array) -> npt.NDArray[np.bytes_]:
        """Numpy takes zeros from the end of bytes: of ids of one length from equal ends, and from no id that has a byte put after it."""
        if not self._is_even:
            return np.array([value + b"\1" for value in ids.cast(pa.binary()).to_pylist()], f"S{self._width + 1}")
        kind = f"S{self._width}"
        if not len(ids):
            return np.array([], kind)
        fixed = ids.cast(pa.binary()).cast(pa.binary(self._width))
        return np.frombuffer(fixed.buffers()[1], kind, len(fixed), fixed.offset * self._width)


_SIDES: dict[tuple[str, ...], Side] = {}


def side_of(table: Table) -> Side:
    """The table as a side, read once a process; part files never change, so their names are enough to know it by."""
    known = tuple(table.paths)
    if known not in _SIDES:
        _SIDES.clear()  # one at a time: a verb has one side, and the next verb has another
        _SIDES[known] = Side(table)
    return _SIDES[known]


def sql_text(name: str) -> str:
    """The text of ``pipelines/sql/NAME.sql``."""
    return resources.files("pipelines.sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def params_row(params: Mapping[str, float | str]) -> pa.Table:
    """The table ``params``: one row, one column a parameter."""
    kinds = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
    fields = [(name, kinds[type(value)]) for name, value in sorted(params.items())] or [("none", pa.int64())]
    return pa.Table.from_pylist([dict(params) or {"none": 0}], schema=pa.schema(fields))


def bounded_rows(table: Table, limit: int) -> pa.Table:
    """A table in memory, if it is small."""
    if table.num_rows > limit:
        raise PartError(f"the table {table.name!r} has {table.num_rows:,} rows; the driver reads at most {limit:,}")
    return read_table(table)
