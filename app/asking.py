"""``assay sql``: a query's rows as a table, JSON or CSV. Text that a terminal would obey is made visible; a file or a program gets it as it is."""

from __future__ import annotations

import json
import math
import sys
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pa_csv
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from app.sql_guard import TRUNCATED, run_sql
from app.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.contract.warehouse import Warehouse

SHOWN_ROWS = 200
READABLE_WIDTH = 12  # a column that would have to be narrower than this, and than its content, is not readable
SEPARATOR_WIDTH = 3
MAX_ROWS = 1_000_000  # of a result that goes to a file or a program


def ask(warehouse: Warehouse, query: str, *, run: str | None = None, raw: bool = False, max_rows: int = MAX_ROWS) -> pa.Table:
    """The rows of a query; a column's name that came before gets a number, so that no value is shown under another's name."""
    rows = run_sql(warehouse, query, run=run, raw=raw, max_rows=max_rows)
    return rows.rename_columns(_distinct(rows.column_names)).replace_schema_metadata(rows.schema.metadata)


def write(rows: pa.Table, console: Console, *, as_json: bool, as_csv: bool) -> None:
    """Prints rows. What was cut is said: at ``SHOWN_ROWS`` on a terminal, and on standard error where ``run_sql`` gave up before the last row."""
    if TRUNCATED in (rows.schema.metadata or {}):
        Console(stderr=True).print(f"cut at {rows.num_rows:,} rows; narrow the query, or count and group in it", highlight=False)
    if as_json:
        sys.stdout.write(json.dumps([_plain(row) for row in rows.to_pylist()], default=str, allow_nan=False) + "\n")
    elif as_csv:
        sys.stdout.flush()
        pa_csv.write_csv(_flat(rows), sys.stdout.buffer)
    else:
        console.print(_table(rows, console.width))
        if rows.num_rows > SHOWN_ROWS:
            console.print(f"{SHOWN_ROWS:,} of {rows.num_rows:,} rows; --json or --csv gives all", highlight=False)


def _table(rows: pa.Table, width: int) -> RichTable:
    """A grid, or below each other, record by record, where its columns would be too narrow to be read."""
    names = [escape(visible(name)) for name in rows.column_names]
    cells = [[_cell(value) for value in row.values()] for row in rows.slice(0, SHOWN_ROWS).to_pylist()]
    least = [min(READABLE_WIDTH, max(map(len, column))) + SEPARATOR_WIDTH for column in zip(names, *cells, strict=True)]
    return _grid(rows.schema, names, cells) if sum(least) <= width + SEPARATOR_WIDTH else _records(names, cells)


def _grid(schema: pa.Schema, names: Sequence[str], cells: Sequence[Sequence[str]]) -> RichTable:
    table = RichTable(show_edge=False, pad_edge=False)
    for name, field in zip(names, schema, strict=True):
        is_number = str(field.type).startswith(("int", "double", "float", "uint", "decimal"))
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in cells:
        table.add_row(*row)
    return table


def _records(names: Sequence[str], cells: Sequence[Sequence[str]]) -> RichTable:
    table = RichTable(show_edge=False, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in cells:
        for name, cell in zip(names, row, strict=True):
            table.add_row(name, cell)
        table.add_section()
    return table


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return escape(visible(f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)))


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, each that came before with a number.

    >>> _distinct(["doc_id", "step", "doc_id", "doc_id"])
    ['doc_id', 'step', 'doc_id_1', 'doc_id_2']
    """
    found: list[str] = []
    for name in names:
        number, free = 0, name
        while free in found:
            number += 1
            free = f"{name}_{number}"
        found.append(free)
    return found


def _plain(value: object) -> object:
    """What JSON has: decimals as numbers, no number for what is none."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, Decimal):
        return float(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _flat(rows: pa.Table) -> pa.Table:
    """Lists and structures as JSON: CSV has neither."""
    for i, field in enumerate(rows.schema):
        if pa.types.is_nested(field.type):
            told = [None if v is None else json.dumps(_plain(v), default=str, allow_nan=False) for v in rows.column(i).to_pylist()]
            rows = rows.set_column(i, pa.field(field.name, pa.string()), pa.array(told, pa.string()))
    return rows
