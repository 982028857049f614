"""Saved queries: the files of ``app/sql``, each with a header that is read here, shown in ``docs/queries.md`` and checked by tests."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from app.catalog import connect, damage_explained
from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb
    import pyarrow as pa

    from pipelines.contract.warehouse import Warehouse

Value = str | int | float
_SECTION: Final = re.compile(r"-- (question|grain|columns|parameters):\s*(.*)")
_COLUMN: Final = re.compile(r"--   (\w+): (.+)")
_PARAMETER: Final = re.compile(r"--   (\w+) = (.+?): (.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value that a query takes, with the one it has if none is given."""

    name: str
    default: Value
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """A question with its SQL."""

    name: str
    question: str
    grain: str
    columns: dict[str, str]
    parameters: tuple[Parameter, ...]
    sql: str


@cache
def saved() -> dict[str, SavedQuery]:
    """Every saved query by name."""
    found = sorted((p for p in files("app.sql").iterdir() if p.name.endswith(".sql")), key=lambda p: p.name)
    return {p.name.removesuffix(".sql"): parse(p.name.removesuffix(".sql"), p.read_text("utf-8")) for p in found}


def ask_saved(warehouse: Warehouse, name: str, settings: Sequence[str], *, run: str | None = None, raw: bool = False) -> pa.Table:
    """The rows of a saved query; ``settings`` are its parameters, as ``name=value``.

    Raises:
        ConfigError: no such query or parameter, or a value of the wrong kind.
        WarehouseError: raw access cannot be logged, or a file cannot be read.
    """
    given: dict[str, Value] = {}
    for setting in settings:
        key, is_set, text = setting.partition("=")
        if not is_set:
            raise ConfigError(f"--set {setting}: expected name=value; docs/queries.md has the parameters of each query")
        given[key] = typed(name, key, text)
    return run_saved(warehouse, name, given, run=run, raw=raw)


def run_saved(warehouse: Warehouse, name: str, params: Mapping[str, Value] | None = None, *, run: str | None = None, raw: bool = False) -> pa.Table:
    """The answer to a saved query, over the newest version or what a run finished.

    Raises:
        ConfigError: no query or parameter has this name; the message suggests the nearest.
        WarehouseError: raw access cannot be logged, or a file cannot be read.
    """
    with connect(warehouse, raw=raw, run=run, purpose=f"saved query {name} {dict(params or {})}") as connection:
        return answer(connection, name, **(params or {}))


def answer(connection: duckdb.DuckDBPyConnection, name: str, **params: Value) -> pa.Table:
    """The answer to a saved query, over a connection of ``app.catalog.connect``.

    Raises:
        ConfigError: no query or parameter has this name, or a value is of another kind than the parameter's.
    """
    if name not in saved():
        raise ConfigError(f"no saved query is named {name!r}; {did_you_mean(name, saved())}")
    query = saved()[name]
    known = {p.name: p for p in query.parameters}
    for key, value in params.items():
        if key not in known:
            raise ConfigError(f"{name}: no parameter is named {key!r}; {did_you_mean(key, known)}")
        if isinstance(value, str) != isinstance(known[key].default, str):
            raise ConfigError(f"{name}: the parameter {key} is {type(known[key].default).__name__}, got {type(value).__name__}")
    values = {p.name: params.get(p.name, p.default) for p in query.parameters}
    with damage_explained():
        return connection.sql(query.sql, params=values or None).to_arrow_table()


def typed(name: str, parameter: str, text: str) -> Value:
    """A value that was typed, as the parameter's kind.

    Raises:
        ConfigError: no query or parameter has this name, or the text is no value of its kind.
    """
    if name not in saved():
        raise ConfigError(f"no saved query is named {name!r}; {did_you_mean(name, saved())}")
    known = {p.name: p for p in saved()[name].parameters}
    if parameter not in known:
        raise ConfigError(f"{name}: no parameter is named {parameter!r}; {did_you_mean(parameter, known) if known else 'it has none'}")
    kind = type(known[parameter].default)
    try:
        return kind(text)
    except ValueError:
        raise ConfigError(f"{name}: the parameter {parameter} is {kind.__name__}, and the value given is not") from None


def parse(name: str, text: str) -> SavedQuery:
    """A query from its file: comment lines first, then one SELECT."""
    lines = text.splitlines()
    header = [line for line in lines if line.startswith("--")]
    heads: dict[str, str] = {}
    columns: dict[str, str] = {}
    parameters: list[Parameter] = []
    for line in header:
        if head := _SECTION.fullmatch(line):
            heads[head[1]] = head[2]
        elif given := _PARAMETER.fullmatch(line):
            parameters.append(Parameter(name=given[1], default=tomllib.loads(f"v = {given[2]}")["v"], meaning=given[3]))
        elif column := _COLUMN.fullmatch(line):
            columns[column[1]] = column[2]
        else:
            raise ConfigError(f"app/sql/{name}.sql: this line of the header is not understood: {line}")
    sql = "\n".join(line for line in lines if not line.startswith("--"))
    return SavedQuery(name=name, question=heads["question"], grain=heads["grain"], columns=columns, parameters=tuple(parameters), sql=sql)


def as_markdown() -> str:
    """``docs/queries.md``: every saved query with its question, columns and SQL."""
    parts = ["# Saved queries", "", "Made from the headers of `app/sql/*.sql` by `app.queries.as_markdown`; do not edit by hand.", ""]
    for query in saved().values():
        parts += [f"## {query.name}", "", f"**{query.question}** A row is {query.grain}.", "", "| column | holds |", "|---|---|"]
        parts += [f"| {name} | {meaning} |" for name, meaning in query.columns.items()]
        parts += ["", *(f"Parameter `{p.name}` (default `{p.default}`): {p.meaning}." for p in query.parameters)]
        parts += ["", "```sql", query.sql.strip(), "```", ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"
