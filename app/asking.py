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

from app.queries import run_saved, saved, typed
from app.sql_guard import TRUNCATED, run_sql
from app.story import visible
from pipelines.contract.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.queries import Value
    from pipelines.contract.warehouse import Warehouse

SHOWN_ROWS = 200
MAX_ROWS = 1_000_000  # of a result that goes to a file or a program


def ask(warehouse: Warehouse, query: str, *, raw: bool = False, max_rows: int = MAX_ROWS) -> pa.Table:
    """The rows of a query; a column's name that came before gets a number, so that no value is shown under another's name."""
    rows = run_sql(warehouse, query, raw=raw, max_rows=max_rows)
    return rows.rename_columns(_distinct(rows.column_names)).replace_schema_metadata(rows.schema.metadata)


def ask_saved(warehouse: Warehouse, name: str, settings: Sequence[str]) -> pa.Table:
    """The rows of a saved query; ``settings`` are its parameters, as ``name=value``.

    Raises:
        ConfigError: no such query or parameter, or a value of the wrong kind.
    """
    given: dict[str, Value] = {}
    for setting in settings:
        key, is_set, text = setting.partition("=")
        if not is_set:
            raise ConfigError(f"--set {setting}: expected name=value; docs/queries.md has the parameters of each query")
        given[key] = typed(name, key, text)
    return run_saved(warehouse, name, **given)


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
