"""``assay sql``: a query's rows as a table, JSON or CSV."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pyarrow.csv as pa_csv
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from app.queries import run_saved, saved
from app.sql_guard import TRUNCATED, run_sql

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.contract.warehouse import Warehouse

SHOWN_ROWS = 200
MAX_ROWS = 1_000_000  # of a result that goes to a file or a program


def ask(warehouse: Warehouse, query: str | None, name: str | None, *, raw: bool, max_rows: int = MAX_ROWS) -> pa.Table:
    """The rows of a query, or of a saved one."""
    if name is not None:
        return run_saved(warehouse, name)
    return run_sql(warehouse, query or "", raw=raw, max_rows=max_rows)


def write(rows: pa.Table, console: Console, *, as_json: bool, as_csv: bool) -> None:
    """Prints rows. What was cut is said: at ``SHOWN_ROWS`` on a terminal, and on standard error where ``run_sql`` gave up before the last row."""
    if TRUNCATED in (rows.schema.metadata or {}):
        Console(stderr=True).print(f"cut at {rows.num_rows:,} rows; narrow the query, or count and group in it", highlight=False)
    if as_json:
        sys.stdout.write(json.dumps(rows.to_pylist(), default=str) + "\n")
    elif as_csv:
        sys.stdout.flush()
        pa_csv.write_csv(rows, sys.stdout.buffer)
    else:
        console.print(_table(rows))
        if rows.num_rows > SHOWN_ROWS:
            console.print(f"{SHOWN_ROWS:,} of {rows.num_rows:,} rows; --json or --csv gives all", highlight=False)


def show_saved(console: Console) -> None:
    """Names and questions of the saved queries."""
    for query in saved().values():
        console.print(f"  {query.name:<28}{query.question}", markup=False, highlight=False)


def _table(rows: pa.Table) -> RichTable:
    table = RichTable(show_edge=False, pad_edge=False)
    for field in rows.schema:
        is_number = str(field.type).startswith(("int", "double", "float", "uint", "decimal"))
        table.add_column(field.name, justify="right" if is_number else "left", overflow="fold")
    for row in rows.slice(0, SHOWN_ROWS).to_pylist():
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return escape(f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value))
