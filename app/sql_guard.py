"""Strangers' SQL, run so that it can only read: one SELECT over the tables of the catalog, in a process of its own that may be killed.

Four walls, each enough for most attacks: the parsed statement is looked at (one SELECT, known tables, no function that reads files or settings);
the connection may not open files (tables come as Arrow data sets) and cannot be set otherwise; the process may not write a byte to any file;
and it is killed when its time is up, which interrupting does not achieve (a single call of a string function ran for 44 s past an interrupt).
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa

from app.catalog import PRIVATE, log_raw_access
from pipelines.contract.errors import AssayError, ConfigError
from pipelines.contract.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pipelines.contract.warehouse import Warehouse

MAX_SQL_BYTES: Final = 64 << 10
TRUNCATED: Final = b"assay.truncated"  # key in the schema's metadata of a result that was cut at max_rows
USAGE, FAILED = 2, 1  # exit codes of the child: the query is at fault, or its resources ran out
_TABLE_FUNCTIONS: Final = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree", "histogram", "histogram_values"})
_REFUSED_FUNCTIONS: Final = frozenset(
    {
        "current_setting",
        "getenv",
        "getvariable",
        "nextval",
        "currval",
        "parse_duckdb_log_message",
        "pg_sleep",
        "sleep_ms",
        "write_log",
        "__internal_json_copy_to_json",
        "__internal_json_copy_to_geojson",
        "json_execute_serialized_sql",
    }
)
_SAID_BEFORE_READING: Final = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A statement that may be run, and the tables that it names."""

    sql: str
    tables: frozenset[str]


def run_sql(
    warehouse: Warehouse, sql: str, *, raw: bool = False, timeout_s: float = 30.0, max_rows: int = 10_000, memory_bytes: int = 2 << 30
) -> pa.Table:
    """Rows of one SELECT over the newest version; at most ``max_rows``, and then the schema's metadata has the key ``assay.truncated``.

    Raises:
        ConfigError: the statement is no single SELECT, is wrong, or names something that the catalog does not have.
        AssayError: it ran out of time or memory.
        WarehouseError: raw access cannot be logged, or a file cannot be read.
    """
    if raw:
        log_raw_access(warehouse, sql)
    request = {
        "root": str(warehouse.root),
        "sql": sql,
        "raw": raw,
        "max_rows": max_rows,
        "memory_bytes": memory_bytes,
        "cpu_s": int(timeout_s * 8) + 5,
    }
    out, err, code = _in_child(json.dumps(request), timeout_s)
    if code == 0:
        return pa.ipc.open_stream(out).read_all()
    raise _error_of(err, code, memory_bytes)


def check(sql: str, known: Collection[str]) -> Checked:
    """The statement, if it is one SELECT over known tables that reads nothing else.

    Raises:
        ConfigError: it is not; the message says what is wrong.
    """
    if len(sql.encode()) > MAX_SQL_BYTES:
        raise ConfigError(f"query: longer than {MAX_SQL_BYTES:,} bytes")
    statement = _single_select(sql)
    shown = statement["node"].get("from_table", {})
    if shown.get("type") == "SHOW_REF" and not shown.get("query") and _bare(shown["table_name"]) in {"tables", "__show_tables_expanded"}:
        return Checked(sql="SELECT name, num_rows, a_row_is FROM tables ORDER BY name", tables=frozenset())
    ctes = {entry["key"].lower() for node in _nodes(statement) for entry in (node.get("cte_map") or {}).get("map", ())}
    tables = {name for node in _nodes(statement) for name in _tables_of(node, ctes, known)}
    for node in _nodes(statement):
        _check_function(node)
    if any(name.startswith("_") for name in ctes):
        raise ConfigError("query: a name that begins with an underscore is not allowed in WITH")
    return Checked(sql=sql, tables=frozenset(tables))


def plain_message(error: duckdb.Error, sql: str) -> str:
    """What was wrong with a query, in one line that holds no value of any row."""
    if not isinstance(error, _SAID_BEFORE_READING):
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__.removesuffix("Exception")).lower()
        return f"query: {kind} error while reading rows (the value is not shown); TRY_CAST gives NULL where a cast fails"
    said = str(error).split("\n\nLINE ", maxsplit=1)[0].split("\nLINE ", maxsplit=1)[0]
    line = " ".join(said.split()).partition(" Error: ")[2].replace("! ", "; ")
    hidden = sorted(
        {f"{t}.{c}" for t, columns in PRIVATE.items() for c in columns if f'"{c}"' in line and re.search(rf"\b{t}\b", sql, re.IGNORECASE)}
    )
    return f"query: {line}" + (f"; {', '.join(hidden)} can be personal and is there with --raw only, which is logged" if hidden else "")


def _single_select(sql: str) -> dict[str, Any]:
    with duckdb.connect(":memory:", config={"enable_external_access": "false"}) as parser:
        row = parser.execute("SELECT json_serialize_sql(CAST($sql AS VARCHAR))", {"sql": sql}).fetchone()
    parsed = json.loads(row[0])
    if parsed["error"]:
        said = parsed["error_message"]
        raise ConfigError("query: only SELECT is allowed" if "Only SELECT" in said else f"query: {' '.join(said.split())}")
    if len(parsed["statements"]) != 1:
        raise ConfigError(f"query: expected one SELECT, got {len(parsed['statements'])} statements")
    statement: dict[str, Any] = parsed["statements"][0]
    return statement


def _nodes(value: object) -> Iterator[dict[str, Any]]:
    """Every object of a JSON tree; a stack, since a hostile statement nests deeper than Python calls."""
    stack = [value]
    while stack:
        top = stack.pop()
        if isinstance(top, dict):
            yield top
        stack.extend(top.values() if isinstance(top, dict) else top if isinstance(top, list) else ())


def _tables_of(node: dict[str, Any], ctes: Collection[str], known: Collection[str]) -> Iterator[str]:
    if node.get("type") == "SHOW_REF" and not node.get("query"):
        yield _known(_bare(node["table_name"]), known)
    elif node.get("type") == "BASE_TABLE":
        name = node["table_name"].lower()
        if node.get("catalog_name") or node.get("schema_name") not in {"", "main"}:
            raise ConfigError(f"query: {name}: tables are named without catalog or schema; SHOW TABLES lists them")
        if name not in ctes:
            yield _known(name, known)


def _known(name: str, known: Collection[str]) -> str:
    if name not in known:
        raise ConfigError(f"query: there is no table {name!r}; {did_you_mean(name, known)}")
    return name


def _bare(name: str) -> str:
    return name.strip('"').lower()


def _check_function(node: dict[str, Any]) -> None:
    is_table = node.get("type") == "TABLE_FUNCTION"
    name = str((node.get("function") or {}).get("function_name", "") if is_table else node.get("function_name", "")).lower()
    if (is_table and name not in _TABLE_FUNCTIONS) or name in _REFUSED_FUNCTIONS or name.startswith("_"):
        raise ConfigError(f"query: the function {name!r} is not allowed; a query reads the tables of the catalog and nothing else")


def _in_child(request: str, timeout_s: float) -> tuple[bytes, bytes, int]:
    # Nothing of this environment is handed on: what a query cannot see it cannot tell.
    environment = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "app.sql_start"],
        env=environment,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        out, err = child.communicate(request.encode(), timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise AssayError(f"query: stopped after {timeout_s:g} s; ask for less, or set a longer limit") from None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
    return out, err, child.returncode


def _error_of(err: bytes, code: int, memory_bytes: int) -> AssayError:
    try:
        said = str(json.loads(err.decode().strip().splitlines()[-1])["error"])
    except (ValueError, IndexError, KeyError, TypeError):
        if code < 0:  # a signal: what the kernel and the allocators send where memory ends
            return AssayError(f"query: its process was stopped, most likely for want of memory (limit {memory_bytes >> 20:,} MiB); ask for less")
        return AssayError("query: a table cannot be read; `assay verify` names the file that is damaged")
    return ConfigError(said) if code == USAGE else AssayError(said)
