"""The engine of many machines: Apache Spark, from ``local[2]`` to a cluster. The only module that imports pyspark.

Workers read and write Parquet themselves; what travels to the driver is one small batch a task that says which files it wrote. A verb runs one
action, and only files in the rows of tasks that succeeded are named, so retried and speculative attempts leave nothing but orphans to sweep.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.contract.errors import AssayError, ConfigError, PartError
from pipelines.contract.parts import PART_FILE_SCHEMA, PartWriter, Table, by_bytes, tables_of
from pipelines.engine.java import java_home
from pipelines.engine.work import (
    BATCH_BYTES,
    Job,
    bounded_rows,
    chunks_of,
    files_from,
    guarded,
    map_sorted,
    map_units,
    params_row,
    report,
    sql_text,
    units_of,
    write_all,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipelines.engine.base import Body
    from pipelines.engine.options import SparkOptions


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

    def map_batches(
        self,
        table: Table,
        body: Body,
        outputs: Mapping[str, pa.Schema],
        folder: Path,
        *,
        columns: Sequence[str] | None = None,
        beside: Table | None = None,
    ) -> dict[str, Table]:
        """As the protocol says. What is spread over the tasks is numbers; each task knows its run of row groups and reads it itself."""
        if beside is not None and beside.num_rows > self._max_side_rows:
            return self._map_joined(table, body, outputs, folder, columns=columns, beside=beside)
        job = Job(body=body, schema=table.schema, outputs=outputs, folder=folder, columns=tuple(columns) if columns else None, beside=beside)
        pieces = chunks_of(units_of(table), self._partitions)

        def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for number in batch.column("id").to_pylist():
                    yield _reported(map_units, job, pieces[number])

        numbers = self._session.range(0, len(pieces), 1, max(1, len(pieces)))
        return self._collected(numbers, task, outputs)

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
        job = Job(body=body, schema=table.schema, outputs=outputs, folder=folder)

        def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            yield _reported(map_sorted, job, by_bytes(batches, BATCH_BYTES), key)

        by = [sf.col(name).desc_nulls_last() if way == "descending" else sf.col(name).asc_nulls_last() for name, way in [(key, "ascending"), *order]]
        return self._collected(self._frame(table).repartition(self._partitions, key).sortWithinPartitions(*by), task, outputs)

    def query(self, name: str, tables: Mapping[str, Table], schema: pa.Schema, folder: Path, **params: float | str) -> Table:
        """As the protocol says."""
        for table_name, table in tables.items():
            self._frame(table).createOrReplaceTempView(table_name)
        row = params_row(params)
        self._session.createDataFrame([tuple(r.values()) for r in row.to_pylist()], from_arrow_schema(row.schema)).createOrReplaceTempView("params")

        def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            yield _reported(_write, Job(body=_no_body, schema=schema, outputs={name: schema}, folder=folder), name, batches)

        try:
            frame = self._session.sql(sql_text(name))
        except PySparkException as error:
            raise _explained(f"{name}.sql", error) from None
        return self._collected(frame, task, {name: schema})[name]

    def rows(self, table: Table, limit: int = 100_000) -> pa.Table:
        """As the protocol says."""
        return bounded_rows(table, limit)

    def on_progress(self, report: Callable[[int, int], None] | None) -> None:
        """As the protocol says; Spark tells only that a verb is over."""
        self._report = report

    def close(self) -> None:
        """Stops the session, if this engine started it."""
        if self._is_own:
            self._session.stop()

    def _map_joined(
        self, table: Table, body: Body, outputs: Mapping[str, pa.Schema], folder: Path, *, columns: Sequence[str] | None, beside: Table
    ) -> dict[str, Table]:
        names = list(columns) if columns else table.schema.names
        joined = self._frame(table).select(*names).join(self._frame(beside), "doc_id", "inner")
        added = [f for f in beside.schema if f.name != "doc_id"]
        schema = pa.schema([*(table.schema.field(n) for n in names), *added])
        job = Job(body=body, schema=schema, outputs=outputs, folder=folder)

        def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            yield _reported(_map_rows, job, by_bytes(batches, BATCH_BYTES))

        return self._collected(joined.select(*schema.names), task, outputs)

    def _frame(self, table: Table) -> DataFrame:
        schema = from_arrow_schema(table.schema.remove_metadata())
        if not table.files:
            return self._session.createDataFrame([], schema)
        try:
            return self._session.read.schema(schema).parquet(*map(_address, table.paths))
        except (PySparkException, Py4JError) as error:
            raise _explained(table.name, error) from None

    def _collected(
        self, frame: DataFrame, task: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]], outputs: Mapping[str, pa.Schema]
    ) -> dict[str, Table]:
        try:
            reported = frame.mapInArrow(task, from_arrow_schema(PART_FILE_SCHEMA)).toArrow()
        except (PySparkException, Py4JError) as error:
            raise _explained("Spark", error) from None
        if self._report is not None:
            self._report(1, 1)
        return tables_of(files_from(reported), outputs)


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
        "spark.sql.pyspark.udf.hideTraceback.enabled": "true",
        "spark.log.level": "ERROR",
    }
    if options.master.startswith("local"):
        conf |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    builder: Any = SparkSession.builder
    builder = builder.master(options.master)
    for name, value in {**conf, **options.conf}.items():
        builder = builder.config(name, value)
    try:
        session: SparkSession = builder.getOrCreate()
    except (PySparkException, RuntimeError, OSError) as error:
        raise ConfigError(f"Spark at {options.master!r} cannot be reached: {str(error).splitlines()[0]}") from None
    return session


def _reported(work: Callable[..., Any], job: Job, *args: object) -> pa.RecordBatch:
    try:
        return report(work(job, *args))
    except AssayError as error:
        return report([], error)


def _write(job: Job, name: str, batches: Iterator[pa.RecordBatch]) -> list[Any]:
    with guarded(job), PartWriter(job.folder, job.outputs) as writer:
        for batch in batches:
            writer.write({name: batch})
    return writer.files


def _map_rows(job: Job, batches: Iterator[pa.RecordBatch]) -> list[Any]:
    with guarded(job), PartWriter(job.folder, job.outputs) as writer:
        for batch in batches:
            if batch.num_rows:
                write_all(writer, job.body(batch))
    return writer.files


def _address(path: str) -> str:
    """A file of this machine for Spark: not the cluster's default file system, and no pattern."""
    return "file://" + re.sub(r"([\\\[\]{}*?])", r"\\\1", path)


def _no_body(batch: pa.RecordBatch) -> Mapping[str, pa.RecordBatch]:
    return {"": batch}


def _explained(where: str, error: PySparkException | Py4JError) -> AssayError:
    condition = (error.getCondition() if isinstance(error, PySparkException) else None) or type(
        error
    ).__name__  # never the message: it may quote a row
    return PartError(f"{where}: Spark failed with {condition}; its log above says more")
