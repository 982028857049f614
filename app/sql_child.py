"""The process that runs one query of a stranger: ``run`` reads a request as JSON and writes an Arrow stream."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn

import duckdb
import pyarrow as pa

from app.catalog import Catalog, catalog, install, unread
from app.sql_check import check, plain_message
from app.sql_guard import FAILED, TRUNCATED, USAGE
from pipelines.contract.errors import AssayError, ConfigError
from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_RESULT_BYTES: Final = 256 << 20
BASE_BYTES: Final = 3 << 30  # address space that the interpreter, Arrow and DuckDB map before any row is read


def main() -> int:
    """Runs the request on standard input; the exit code says who is at fault, standard error says why."""
    request = json.load(sys.stdin)
    limit(request["memory_bytes"], request["cpu_s"])
    try:
        result = answer(request)
    except ConfigError as error:
        return _say(str(error), USAGE)
    except AssayError as error:
        return _say(str(error), FAILED)
    except (duckdb.OutOfMemoryException, MemoryError, pa.ArrowMemoryError):
        return _say(f"query: needs more than {request['memory_bytes'] >> 20:,} MiB of memory; ask for less", FAILED)
    except duckdb.Error as error:
        return _say(plain_message(error, request["sql"]), USAGE)
    with os.fdopen(os.dup(1), "wb") as out, pa.ipc.new_stream(out, result.schema) as stream:
        stream.write_table(result)
    return 0


def locked(shown: Catalog, names: Iterable[str], memory_bytes: int) -> duckdb.DuckDBPyConnection:
    """A connection that reads the named tables and cannot open, list or write a file, nor be told otherwise."""
    connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": f"{memory_bytes >> 20}MiB"})
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET temp_directory = ''")
    connection.execute("SET enable_external_access = false")
    install(connection, shown, names)
    connection.execute("SET lock_configuration = true")
    return connection


def answer(request: dict[str, Any]) -> pa.Table:
    """The rows of a request; see ``main``."""
    shown = catalog(Warehouse(request["root"]), raw=request["raw"], run=request["run"])
    checked = check(request["sql"], shown.names)
    connection = locked(shown, checked.tables, request["memory_bytes"])
    try:
        return _plain_numbers(_bounded(connection.sql(checked.sql).to_arrow_reader(1024), request["max_rows"]))
    except duckdb.Error as error:
        if "Out of memory" in str(error):  # Arrow's, which reads for DuckDB
            raise MemoryError from None
        said = unread(error, [shown.relations[name] for name in shown.needed(checked.tables) & set(shown.relations)])
        if said is None:
            raise
        raise said from None


def _bounded(reader: pa.RecordBatchReader, max_rows: int) -> pa.Table:
    batches: list[pa.RecordBatch] = []
    num_rows = num_bytes = 0
    for batch in reader:
        batches.append(batch)
        num_rows += batch.num_rows
        num_bytes += batch.nbytes
        if num_bytes > MAX_RESULT_BYTES:
            raise AssayError(f"query: the result is larger than {MAX_RESULT_BYTES >> 20} MiB; select fewer columns or add LIMIT")
        if num_rows > max_rows:
            break
    rows = pa.Table.from_batches(batches, schema=reader.schema)
    return rows.slice(0, max_rows).replace_schema_metadata({TRUNCATED: b"1"}) if num_rows > max_rows else rows


def _plain_numbers(rows: pa.Table) -> pa.Table:
    """Whole numbers of 128 bits, which DuckDB's sums give, as 64 bits where they fit: JSON and spreadsheets have no other."""
    for i, field in enumerate(rows.schema):
        if pa.types.is_decimal(field.type) and field.type.scale == 0:
            with contextlib.suppress(pa.ArrowInvalid):
                rows = rows.set_column(i, pa.field(field.name, pa.int64()), rows.column(i).cast(pa.int64()))
    return rows


def limit(memory_bytes: int, cpu_s: int) -> None:
    """Bounds what this process may use from here on: address space, CPU time, and no byte into any file."""
    for kind, most in (
        (resource.RLIMIT_AS, BASE_BYTES + memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),  # not a byte into any file, whatever gets past the other walls
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _say(message: str, code: int) -> int:
    sys.stderr.write(json.dumps({"error": message}) + "\n")
    return code


def run() -> NoReturn:
    """``main`` as a whole process."""
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # the bindings' own clean-up prints warnings about objects that a process at its end need not free
