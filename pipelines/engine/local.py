"""The engine of one machine: DuckDB for queries and sorts, processes for Python. No server, no JVM."""

from __future__ import annotations

import multiprocessing
import os
import re
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from pipelines.contract.errors import AssayError, PartError, WarehouseError, explained
from pipelines.contract.parts import PartFile, PartWriter, Table, check_file, tables_of
from pipelines.engine.reports import Report, Tally
from pipelines.engine.riders import all_outputs
from pipelines.engine.sample import sample
from pipelines.engine.work import Job, bounded_rows, chunks_of, groups_of, map_sorted, map_units, params_row, sql_text, units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipelines.engine.base import Body, Rider
    from pipelines.engine.options import LocalOptions

_GROUP_BYTES = 4 << 20


class LocalEngine:
    """See ``pipelines.engine.base.Engine``."""

    name = "local"

    def __init__(self, options: LocalOptions, spill: Path) -> None:
        """``spill`` is a folder for DuckDB's temporary files. Worker processes start when first needed."""
        self._workers = options.workers or os.cpu_count() or 1
        self._partitions = options.partitions or 4 * self._workers
        self._memory = options.memory
        self._spill = spill
        self._pool: ProcessPoolExecutor | None = None
        self._report: Callable[[int, int], None] | None = None
        self._tally = Tally()
        self._whole: set[str] = set()  # files whose bytes were compared with their sha256

    def map_batches(
        self,
        table: Table,
        body: Body,
        outputs: Mapping[str, pa.Schema],
        folder: Path,
        *,
        columns: Sequence[str] | None = None,
        beside: Table | None = None,
        riders: tuple[Rider, ...] = (),
    ) -> dict[str, Table]:
        """As the protocol says; a piece is a run of row groups, read by the worker itself."""
        chosen = tuple(columns) if columns else None
        job = Job(body=body, schema=table.schema, outputs=outputs, folder=folder, columns=chosen, beside=beside, riders=riders)
        pieces = chunks_of(units_of(table), self._partitions)
        return tables_of(self._run(map_units, [(job, piece) for piece in pieces], len(pieces)), all_outputs(outputs, riders))

    def map_groups(
        self,
        table: Table,
        body: Body,
        outputs: Mapping[str, pa.Schema],
        folder: Path,
        *,
        key: str,
        order: Sequence[tuple[str, str]],
    ) -> dict[str, Table]:
        """As the protocol says; DuckDB sorts, runs of whole groups travel to the workers."""
        job = Job(body=body, schema=table.schema, outputs=outputs, folder=folder)
        keys = [(key, "ascending"), *order]
        by = ", ".join(f'"{name}" {"DESC" if way == "descending" else "ASC"} NULLS LAST' for name, way in keys)
        with self._connection({table.name: table}, threads=1) as connection:
            rows = self._stream(connection, f'SELECT * FROM "{table.name}" ORDER BY {by}', 1024, f"the groups of {table.name}")  # noqa: S608 - our names
            return tables_of(self._run(_map_stream, ((job, piece, key) for piece in _pieces(rows, key)), None), outputs)

    def query(self, name: str, tables: Mapping[str, Table], schema: pa.Schema, folder: Path, **params: float | str) -> Table:
        """As the protocol says."""
        with self._connection(tables, threads=self._workers) as connection:
            connection.register("params", params_row(params))
            with PartWriter(folder, {name: schema}) as writer:
                for batch in self._stream(connection, sql_text(name), 10_000, f"{name}.sql"):
                    writer.write({name: batch})
        return tables_of(writer.files, {name: schema})[name]

    def sample(
        self, table: Table, folder: Path, *, seed: int, num_rows: int | None = None, fraction: float | None = None, by: str = "doc_id"
    ) -> Table:
        """As the protocol says."""
        return sample(self, table, folder, seed=seed, by=by, num_rows=num_rows, fraction=fraction)

    def rows(self, table: Table, limit: int = 100_000) -> pa.Table:
        """As the protocol says."""
        return bounded_rows(table, limit)

    def on_progress(self, report: Callable[[int, int], None] | None) -> None:
        """As the protocol says."""
        self._report = report

    def rest(self) -> None:
        """As the protocol says: the processes end, and others begin with the next verb."""
        self.close()
        self._tally.workers_ended()

    def close(self) -> None:
        """Ends the worker processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def cpu_s(self) -> float:
        """As the protocol says."""
        return self._tally.cpu_s

    def riders_cpu_s(self) -> Mapping[str, float]:
        """As the protocol says."""
        return self._tally.riders_cpu_s

    def peak_rss_bytes(self) -> int:
        """As the protocol says."""
        return self._tally.peak_rss_bytes

    def _connection(self, tables: Mapping[str, Table], threads: int) -> duckdb.DuckDBPyConnection:
        """A connection that sees the tables. DuckDB checks no page, so each file's bytes are compared with its sha256 once in this engine's life."""
        try:
            self._spill.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explained(error, self._spill) from None
        for file in (file for table in tables.values() for file in table.files if file.path not in self._whole):
            check_file(file)
            self._whole.add(file.path)
        connection = duckdb.connect(
            config={"memory_limit": self._memory, "threads": threads, "preserve_insertion_order": False, "temp_directory": str(self._spill)}
        )
        for name, table in tables.items():
            if table.files:
                connection.read_parquet(table.paths).create_view(name)
            else:
                connection.register(name, table.schema.remove_metadata().empty_table())
        return connection

    def _stream(self, connection: duckdb.DuckDBPyConnection, text: str, num_rows: int, where: str) -> Iterator[pa.RecordBatch]:
        try:
            yield from connection.sql(text).to_arrow_reader(num_rows)
        except duckdb.Error as error:
            raise self._explained(where, type(error).__name__.removesuffix("Exception"), str(error)) from None
        except (OSError, pa.ArrowException) as error:  # what DuckDB meets after the first rows comes through Arrow's stream, as text
            kind = re.match(r"([\w ]{1,40}) Error:", str(error))
            raise self._explained(where, kind[1] if kind else type(error).__name__, str(error)) from None

    def _explained(self, where: str, kind: str, message: str) -> AssayError:
        """What an error of DuckDB's means; its message is shown only where it speaks of the query, as elsewhere it may quote a row."""
        kind = kind.replace(" ", "")
        if kind == "IO" or "max_temp_directory_size" in message:
            return WarehouseError(
                f"{self._spill}: DuckDB cannot spill there for {where}; is the disk full? Free some space and run the same command again"
            )
        if kind == "OutOfMemory":
            return PartError(f"{where}: DuckDB ran out of its memory limit of {self._memory}; raise memory under [local] in the run file")
        shown = f": {message.splitlines()[0]}" if kind in ("Binder", "Catalog", "Parser") else ""
        return PartError(f"{where}: DuckDB's {kind} error{shown}; this is a fault of assay")

    def _run(
        self, task: Callable[..., Report], calls: Sequence[tuple[object, ...]] | Iterator[tuple[object, ...]], total: int | None
    ) -> list[PartFile]:
        if self._workers == 1:
            return [file for number, call in enumerate(calls) for file in self._counted(task(*call), number + 1, total)]
        files: list[PartFile] = []
        flying: set[Future[Report]] = set()
        done = 0
        try:
            for call in calls:
                flying.add(self._started().submit(task, *call))
                while len(flying) >= 2 * self._workers:  # bounded, so that a long stream never piles up in memory
                    landed, flying = wait(flying, return_when=FIRST_COMPLETED)
                    done += len(landed)
                    files += [file for future in landed for file in self._counted(future.result(), done, total)]
            while flying:
                landed, flying = wait(flying, return_when=FIRST_COMPLETED)
                done += len(landed)
                files += [file for future in landed for file in self._counted(future.result(), done, total)]
        except BrokenProcessPool:
            self._pool = None
            raise PartError("a worker process was ended from outside (out of memory?); run again with fewer workers: [local] workers = 1") from None
        except AssayError:
            for future in flying:
                future.cancel()
            raise
        return files

    def _counted(self, report: Report, done: int, total: int | None) -> list[PartFile]:
        if self._report is not None:
            self._report(done, total or done)
        self._tally.add(report)
        return report.part_files()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin_worker)
        return self._pool


def _begin_worker() -> None:
    """One thread each, and no life after the parent's: a worker whose parent was killed must not go on writing."""
    pa.set_cpu_count(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)


def _map_stream(job: Job, stream: bytes, key: str) -> Report:
    return map_sorted(job, pa.ipc.open_stream(stream), key)


def _pieces(rows: Iterable[pa.RecordBatch], key: str) -> Iterator[bytes]:
    """Whole groups packed into messages of about ``_GROUP_BYTES``."""
    held: list[pa.Table] = []
    num_bytes = 0
    for group in groups_of(rows, key):
        held.append(group)
        num_bytes += group.nbytes
        if num_bytes >= _GROUP_BYTES:
            yield _packed(held)
            held, num_bytes = [], 0
    if held:
        yield _packed(held)


def _packed(groups: list[pa.Table]) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, groups[0].schema) as writer:
        for group in groups:
            writer.write_table(group)
    return bytes(sink.getvalue())
