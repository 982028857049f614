"""The engine of many machines: Apache Spark, from ``local[2]`` to a cluster. The only module that imports pyspark.

Workers read and write Parquet themselves; what travels to the driver is one small batch a task that says which files it wrote. A verb runs one
action, and only files in the rows of tasks that succeeded are named, so retried and speculative attempts leave nothing but orphans to sweep.

A fault of a disk fails the attempt, so that Spark tries the task again as often as it is told to, on this machine too; the last attempt hands the
error back as a row, so that the driver can say it in one line. A fault of a part or of its input is handed back at once: it would come again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import subprocess
import sys
import uuid
import warnings
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark import SparkContext, TaskContext
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.contract.errors import AssayError, ConfigError, CorruptFile, InputUnreadable, PartError, WarehouseError
from pipelines.contract.parts import PartWriter, Table, by_bytes, tables_of
from pipelines.engine.guard import guarded
from pipelines.engine.java import java_home
from pipelines.engine.reports import REPORT_SCHEMA, Report, Tally, as_batch, from_rows, report_of
from pipelines.engine.riders import BATCH_BYTES, all_outputs
from pipelines.engine.sample import sample
from pipelines.engine.work import Job, bounded_rows, chunks_of, map_rows, map_sorted, map_units, params_row, sql_text, units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipelines.engine.base import Body, Rider
    from pipelines.engine.options import SparkOptions


_ENDING_S: Final = 1.0  # a killed process closes its sockets before its parent hears of its end
_ATTEMPTS: Final = "4"  # Spark's own default on a cluster
_FAILURES: Final = "spark.task.maxFailures"
# What Spark's reader says of a page whose bytes differ, and of one whose head cannot even be read.
_DAMAGED: Final = ("could not verify page integrity", "CRC checksum verification failed", "org.apache.parquet.format.PageHeader")
_CHECKED: Final = "parquet.page.verify-checksum.enabled"


class SparkEngine:
    """See ``pipelines.engine.base.Engine``."""

    name = "spark"

    def __init__(self, options: SparkOptions, scratch: Path) -> None:
        """Starts or joins a session.

        Raises:
            ConfigError: there is no Java, or the session cannot be had.
        """
        self._is_own = SparkSession.getActiveSession() is None  # a notebook's or a cluster's session is not ours to stop
        self._session = _session(options, scratch)
        self._partitions = options.partitions or 4 * self._session.sparkContext.defaultParallelism
        self._session.conf.set("spark.sql.shuffle.partitions", str(self._partitions))
        self._max_side_rows = options.max_side_rows
        self._report: Callable[[int, int], None] | None = None
        self._tally = Tally()
        self._attempts = _attempts(self._session)

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
        """As the protocol says. What is spread over the tasks is numbers; each task knows its run of row groups and reads it itself."""
        if beside is not None and beside.num_rows > self._max_side_rows:
            return self._map_joined(table, body, outputs, folder, columns=columns, beside=beside, riders=riders)
        job = Job(
            body=body,
            schema=table.schema,
            outputs=outputs,
            folder=folder,
            columns=tuple(columns) if columns else None,
            beside=beside,
            riders=riders,
            attempts=self._attempts,
        )
        pieces = chunks_of(units_of(table), self._partitions)

        def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for number in batch.column("id").to_pylist():
                    yield _reported(map_units, job, pieces[number])

        with _spoken(f"a map of {table.name}"):
            return self._collected(self._session.range(0, len(pieces), 1, max(1, len(pieces))), task, all_outputs(outputs, riders))

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
        """As the protocol says: a shuffle by key, sorted inside partitions, streamed through Python."""
        job = Job(body=body, schema=table.schema, outputs=outputs, folder=folder, attempts=self._attempts)

        def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            yield _reported(map_sorted, job, by_bytes(batches, BATCH_BYTES), key)

        with _spoken(f"the groups of {table.name}"):
            by = [
                sf.col(name).desc_nulls_last() if way == "descending" else sf.col(name).asc_nulls_last() for name, way in [(key, "ascending"), *order]
            ]
            return self._collected(self._frame(table).repartition(self._partitions, key).sortWithinPartitions(*by), task, outputs)

    def query(self, name: str, tables: Mapping[str, Table], schema: pa.Schema, folder: Path, **params: float | str) -> Table:
        """As the protocol says."""
        row = params_row(params)
        job = Job(body=_no_body, schema=schema, outputs={name: schema}, folder=folder, attempts=self._attempts)

        def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            yield _reported(_write, job, name, batches)

        with _spoken(f"{name}.sql"):
            for table_name, table in tables.items():
                self._frame(table).createOrReplaceTempView(table_name)
            values = [tuple(r.values()) for r in row.to_pylist()]
            self._session.createDataFrame(values, from_arrow_schema(row.schema)).createOrReplaceTempView("params")
            return self._collected(self._session.sql(sql_text(name)), task, {name: schema})[name]

    def sample(
        self, table: Table, folder: Path, *, seed: int, num_rows: int | None = None, fraction: float | None = None, by: str = "doc_id"
    ) -> Table:
        """As the protocol says."""
        return sample(self, table, folder, seed=seed, by=by, num_rows=num_rows, fraction=fraction)

    def rows(self, table: Table, limit: int = 100_000) -> pa.Table:
        """As the protocol says."""
        return bounded_rows(table, limit)

    def on_progress(self, report: Callable[[int, int], None] | None) -> None:
        """As the protocol says; Spark tells only that a verb is over."""
        self._report = report

    def cpu_s(self) -> float:
        """As the protocol says."""
        return self._tally.cpu_s

    def riders_cpu_s(self) -> Mapping[str, float]:
        """As the protocol says."""
        return self._tally.riders_cpu_s

    def peak_rss_bytes(self) -> int:
        """As the protocol says."""
        return self._tally.peak_rss_bytes

    def rest(self) -> None:
        """As the protocol says; Spark ends idle Python workers by itself."""

    def close(self) -> None:
        """Stops the session, if this engine started it."""
        if not self._is_own:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # pyspark's, of a JVM that is gone: the verb that met it has said so
            with contextlib.suppress(Py4JError, PySparkException, OSError):
                self._session.stop()

    def _map_joined(
        self,
        table: Table,
        body: Body,
        outputs: Mapping[str, pa.Schema],
        folder: Path,
        *,
        columns: Sequence[str] | None,
        beside: Table,
        riders: tuple[Rider, ...],
    ) -> dict[str, Table]:
        names = list(columns) if columns else table.schema.names
        added = [f for f in beside.schema if f.name != "doc_id"]
        schema = pa.schema([*(table.schema.field(n) for n in names), *added])
        job = Job(body=body, schema=schema, outputs=outputs, folder=folder, riders=riders, attempts=self._attempts)

        def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            yield _reported(map_rows, job, by_bytes(batches, BATCH_BYTES))

        with _spoken(f"a map of {table.name} beside {beside.name}"):
            joined = self._frame(table).select(*names).join(self._frame(beside), "doc_id", "inner")
            return self._collected(joined.select(*schema.names), task, all_outputs(outputs, riders))

    def _frame(self, table: Table) -> DataFrame:
        schema = from_arrow_schema(table.schema.remove_metadata())
        if not table.files:
            return self._session.createDataFrame([], schema)
        return self._session.read.schema(schema).option(_CHECKED, "true").parquet(*map(_address, table.paths))

    def _executors_cpu_s(self, group: str) -> float:
        """CPU seconds of the JVMs' tasks of some jobs; their Python workers report for themselves."""
        context: Any = self._session.sparkContext
        tracker, store = context.statusTracker(), context._jsc.sc().statusStore()  # noqa: SLF001 - what Spark's own pages read; pyspark has no way to it
        seconds = 0.0
        jobs = [tracker.getJobInfo(number) for number in tracker.getJobIdsForGroup(group)]
        for stage in {stage for job in jobs if job is not None for stage in job.stageIds}:
            with contextlib.suppress(Py4JError):  # Spark forgets old stages; a figure that is gone fails no run
                seconds += store.lastStageAttempt(stage).executorCpuTime() / 1e9
        return seconds

    def _collected(
        self, frame: DataFrame, task: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]], outputs: Mapping[str, pa.Schema]
    ) -> dict[str, Table]:
        group = uuid.uuid4().hex
        self._session.sparkContext.setJobGroup(group, "assay")
        reports = from_rows(frame.mapInArrow(task, from_arrow_schema(REPORT_SCHEMA)).toArrow())
        for report in reports:
            self._tally.add(report)
        self._tally.add_seconds(self._executors_cpu_s(group))
        if self._report is not None:
            self._report(1, 1)
        return tables_of([file for report in reports for file in report.part_files()], outputs)


def _session(options: SparkOptions, scratch: Path) -> SparkSession:
    scratch.mkdir(parents=True, exist_ok=True)
    os.environ["JAVA_HOME"] = str(java_home(scratch))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else workers take whatever python3 is on PATH
    conf: dict[str, str] = {
        "spark.app.name": "assay",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": options.driver_memory,
        "spark.sql.warehouse.dir": str(scratch / "spark-warehouse"),
        "spark.local.dir": str(scratch / "spark"),
        "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
        "spark.sql.execution.arrow.maxBytesPerBatch": str(BATCH_BYTES),
        "spark.sql.ansi.enabled": "true",
        "spark.sql.ansi.doubleQuotedIdentifiers": "true",
        "spark.sql.parser.escapedStringLiterals": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.pyspark.udf.hideTraceback.enabled": "true",
        "spark.log.level": "ERROR",
    }
    if options.master.startswith("local"):
        conf |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    builder: Any = SparkSession.builder
    builder = builder.master(_retried(options.master, options.conf.get(_FAILURES, _ATTEMPTS)))
    for name, value in {**conf, **options.conf}.items():
        builder = builder.config(name, value)
    logging.getLogger("py4j").setLevel(logging.CRITICAL)  # else a JVM that dies is five tracebacks before anybody can say it in a line
    logging.getLogger().addFilter(_is_not_py4j)
    try:
        session: SparkSession = builder.getOrCreate()
    except (PySparkException, RuntimeError, OSError) as error:
        raise ConfigError(f"Spark at {options.master!r} cannot be reached: {str(error).splitlines()[0]}") from None
    return session


def _retried(master: str, attempts: str) -> str:
    """A master of this machine that tries a task as often as a cluster does; Spark's own ``local[N]`` tries once."""
    cores = re.fullmatch(r"local(?:\[(\d+|\*)\])?", master)
    return master if cores is None else f"local[{cores[1] or 1},{attempts}]"


def _attempts(session: SparkSession) -> int:
    """How often this session tries a task."""
    context = session.sparkContext
    here = re.fullmatch(r"local(?:\[[\d*]+(?:, *(\d+))?\])?", context.master)
    if here is not None:
        return int(here[1] or 1)
    return int(context.getConf().get(_FAILURES, _ATTEMPTS) or _ATTEMPTS)


def _reported(work: Callable[..., Report], job: Job, *args: object) -> pa.RecordBatch:
    try:
        return as_batch(work(job, *args))
    except (WarehouseError, InputUnreadable) as error:
        context = TaskContext.get()
        if context is not None and context.attemptNumber() + 1 < job.attempts:
            raise
        return as_batch(report_of(error=error))
    except AssayError as error:
        return as_batch(report_of(error=error))


def _write(job: Job, name: str, batches: Iterator[pa.RecordBatch]) -> Report:
    with guarded(job.body, job.folder), PartWriter(job.folder, job.outputs) as writer:
        for batch in batches:
            writer.write({name: batch})
    return report_of(writer.files)


def _address(path: str) -> str:
    """A file of this machine for Spark: not the cluster's default file system, and no pattern."""
    return "file://" + re.sub(r"([\\\[\]{}*?])", r"\\\1", path)


def _no_body(batch: pa.RecordBatch) -> Mapping[str, pa.RecordBatch]:
    return {"": batch}


def _is_not_py4j(record: logging.LogRecord) -> bool:
    """Keeps the one line out of the log, with its traceback, that py4j gives to nobody's logger."""
    return record.msg != "Exception while sending command."


def _is_java_gone() -> bool:
    """Whether the Java process that pyspark started has ended: of a call that its end cut short, py4j only says that it failed."""
    process = getattr(SparkContext._gateway, "proc", None)  # noqa: SLF001 - pyspark has no other way to it
    try:
        return process is not None and process.wait(_ENDING_S) is not None
    except subprocess.TimeoutExpired:
        return False


@contextlib.contextmanager
def _spoken(where: str) -> Iterator[None]:
    """Says in one line what Spark says in pages."""
    try:
        yield
    except (PySparkException, Py4JError, OSError) as error:  # OSError: the socket to a JVM that is gone
        raise _explained(where, error) from None


def _explained(where: str, error: Exception) -> AssayError:
    """What an error of Spark's means; its message is never shown, as it may quote a row."""
    if isinstance(error, (Py4JNetworkError, OSError)) or (isinstance(error, Py4JError) and _is_java_gone()):
        return PartError(
            "Spark's Java process is gone (killed, or out of memory?); run the same command again, with less work at a time or more memory"
        )
    condition = error.getCondition() if isinstance(error, PySparkException) else None
    said = str(error)
    if any(sign in said for sign in _DAMAGED):
        return CorruptFile(f"{where}: the bytes of a page are not those that were written; run `assay verify`, then run the step again")
    if "No space left on device" in said:
        return WarehouseError(
            f"{where}: Spark has no room for its shuffles; free some space, or name another folder as spark.local.dir under [spark.conf]"
        )
    return PartError(f"{where}: Spark failed with {condition or type(error).__name__}; its log above says more")
