"""Engines and tables that the tests of engines share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.contract.parts import PartWriter, Table, tables_of
from pipelines.engine.options import LocalOptions, SparkOptions
from pipelines.engine.start import make_engine

if TYPE_CHECKING:
    from pipelines.engine.base import Engine

TEXTS = pa.schema([("doc_id", pa.string()), ("text", pa.string())])
SIDE = pa.schema([("doc_id", pa.string()), ("cuts", pa.list_(pa.int64()))])
EDGES = pa.schema([("a", pa.string()), ("b", pa.string())])
HERE = str(Path(__file__).parent)
ODD = "a [1] {b,c} 100% ?*"  # a folder's name may be a pattern to an engine, and is not meant as one


def spark(partitions: int, max_side_rows: int = 1000) -> SparkOptions:
    conf = {"spark.executorEnv.PYTHONPATH": HERE}
    return SparkOptions(master="local[2]", driver_memory="1g", partitions=partitions, max_side_rows=max_side_rows, conf=conf)


def written(folder: Path, name: str, schema: pa.Schema, rows: list[dict[str, object]], row_group_bytes: int = 2000) -> Table:
    with PartWriter(folder, {name: schema}, row_group_bytes) as writer:
        writer.write({name: pa.RecordBatch.from_pylist(rows, schema=schema)})
    return tables_of(writer.files, {name: schema})[name]


def engine_of(name: str, options: LocalOptions | SparkOptions, folder: Path) -> Engine:
    local, cluster = (options, SparkOptions()) if name == "local" else (LocalOptions(), options)
    return make_engine(name, local, cluster, folder / "scratch")
