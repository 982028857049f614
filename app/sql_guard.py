"""Strangers' SQL, run so that it can only read: one SELECT over the tables of the catalog, in a process of its own that may be killed.

Four walls, each enough for most attacks: the parsed statement is looked at (one SELECT, known tables, functions from a list of ours: ``sql_check``);
the connection may not open files (tables come as Arrow data sets), cannot be set otherwise, and what a view hides has another name each time;
the process may not write a byte to any file; and it is killed when its time is up, which interrupting does not achieve (a single call of a string
function ran for 44 s past an interrupt).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from app.raw_access import log_raw_access
from pipelines.contract.errors import AssayError, ConfigError

if TYPE_CHECKING:
    from pipelines.contract.warehouse import Warehouse

TRUNCATED: Final = b"assay.truncated"  # key in the schema's metadata of a result that was cut at max_rows
USAGE, FAILED = 2, 1  # exit codes of the child: the query is at fault, or its resources ran out


def run_sql(
    warehouse: Warehouse,
    sql: str,
    *,
    run: str | None = None,
    raw: bool = False,
    timeout_s: float = 30.0,
    max_rows: int = 10_000,
    memory_bytes: int = 2 << 30,
) -> pa.Table:
    """Rows of one SELECT; at most ``max_rows``, and then the schema's metadata has the key ``assay.truncated``.

    Args:
        warehouse: whose tables are asked: those of the newest version.
        sql: the statement.
        run: the tables that this run finished instead, by its id or ``latest``.
        raw: with raw text; its use is logged.
        timeout_s: when the query is stopped.
        max_rows: the most rows that are returned.
        memory_bytes: the most memory that the query may use.

    Raises:
        ConfigError: the statement is no single SELECT, is wrong, or names something that the catalog does not have.
        AssayError: it ran out of time or memory.
        WarehouseError: raw access cannot be logged, or a file cannot be read.
    """
    if raw:
        log_raw_access(warehouse, sql)
    request = {
        "root": str(warehouse.root),
        "run": run,
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
