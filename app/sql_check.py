"""What a stranger's statement may be: one SELECT over known tables, with functions that are on our list (``app/sql/functions.toml``)."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import duckdb

from app.catalog import HIDDEN_NAME, PRIVATE, WITHOUT_MEANINGS
from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MAX_SQL_BYTES: Final = 64 << 10
_SAID_BEFORE_READING: Final = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException)
_DESCRIBE: Final = re.compile(r'\s*(?:describe|desc|show)\s+"?(\w+)"?\s*;?\s*', re.IGNORECASE)
_LISTING: Final = frozenset({"tables", "__show_tables_expanded"})  # SHOW TABLES; SHOW ALL TABLES and SHOW alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A statement that may be run, and the tables that it names."""

    sql: str
    tables: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A node of the statement, the names that WITH gives there, and whether it is a function that stands in FROM."""

    node: dict[str, Any]
    scope: frozenset[str]
    in_from: bool = False


@cache
def allowed_functions() -> tuple[frozenset[str], frozenset[str]]:
    """Names that may be called where a value stands, and names that may be called in FROM."""
    lists = tomllib.loads((files("app.sql") / "functions.toml").read_text("utf-8"))
    return frozenset(f"{lists['operators']} {lists['values']}".split()), frozenset(lists["tables"].split())


def check(sql: str, known: Collection[str]) -> Checked:
    """The statement, if it is one SELECT over known tables that reads nothing else.

    Raises:
        ConfigError: it is not; the message says what is wrong.
    """
    if len(sql.encode()) > MAX_SQL_BYTES:
        raise ConfigError(f"query: longer than {MAX_SQL_BYTES:,} bytes")
    statement = _single_select(sql)
    shown = statement["node"].get("from_table", {})
    if _is_listing(shown) and _bare(shown["table_name"]) in _LISTING:
        return Checked(sql="SELECT name, num_rows, a_row_is FROM tables ORDER BY name", tables=frozenset())
    described = _DESCRIBE.fullmatch(sql)
    if described and (name := described[1].lower()) in known and name not in WITHOUT_MEANINGS:
        columns = f"SELECT column_name, column_type, meaning FROM columns WHERE table_name = '{name}' ORDER BY position"  # noqa: S608 - a known name
        return Checked(sql=columns, tables=frozenset())
    tables: set[str] = set()
    for seen in _walk(statement):
        _check_function(seen)
        tables.update(_tables_of(seen, known))
    return Checked(sql=sql, tables=frozenset(tables))


def plain_message(error: duckdb.Error, sql: str) -> str:
    """What was wrong with a query, in one line that holds no value of any row."""
    if not isinstance(error, _SAID_BEFORE_READING):
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__.removesuffix("Exception")).lower()
        return f"query: {kind} error while reading rows (the value is not shown); TRY_CAST gives NULL where a cast fails"
    said = str(error).split("\n\nLINE ", maxsplit=1)[0].split("\nLINE ", maxsplit=1)[0]
    line = HIDDEN_NAME.sub("", " ".join(said.split()).partition(" Error: ")[2].replace("! ", "; "))
    hidden = sorted(
        {f"{t}.{c}" for t, columns in PRIVATE.items() for c in columns if f'"{c}"' in line and re.search(rf"\b{t}\b", sql, re.IGNORECASE)}
    )
    return f"query: {line}" + (f"; {', '.join(hidden)} can be personal and is there with --raw only, which is logged" if hidden else "")


def _single_select(sql: str) -> dict[str, Any]:
    row = _parser().cursor().execute("SELECT json_serialize_sql(CAST($sql AS VARCHAR))", {"sql": sql}).fetchone()
    parsed = json.loads(row[0])
    if parsed["error"]:
        said = parsed["error_message"]
        raise ConfigError("query: only SELECT is allowed" if "Only SELECT" in said else f"query: {' '.join(said.split())}")
    if len(parsed["statements"]) != 1:
        raise ConfigError(f"query: expected one SELECT, got {len(parsed['statements'])} statements")
    statement: dict[str, Any] = parsed["statements"][0]
    return statement


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    """A connection that holds nothing and reads nothing: it only parses."""
    return duckdb.connect(":memory:", config={"enable_external_access": "false", "python_enable_replacements": "false"})


def _walk(statement: dict[str, Any]) -> Iterator[_Seen]:
    """Every object of the parsed statement with the names in scope; a stack, since a hostile statement nests deeper than Python calls."""
    stack: list[tuple[object, frozenset[str], bool]] = [(statement, frozenset(), False)]
    while stack:
        value, scope, in_from = stack.pop()
        if isinstance(value, list):
            stack.extend((each, scope, False) for each in value)
        elif isinstance(value, dict):
            yield _Seen(value, scope, in_from)
            stack.extend(_below(value, scope))


def _below(node: dict[str, Any], scope: frozenset[str]) -> Iterator[tuple[object, frozenset[str], bool]]:
    """A node's parts, each with the names that it may use: a query of WITH sees those before it, and itself only behind a recursive UNION."""
    for entry in (node.get("cte_map") or {}).get("map", ()):
        yield entry["value"], scope, False
        scope |= {_name_in_with(entry["key"])}
    for key, part in node.items():
        if key == "right" and node.get("type") == "RECURSIVE_CTE_NODE":
            yield part, scope | {_name_in_with(node["cte_name"])}, False
        elif key != "cte_map":
            yield part, scope, key == "function" and node.get("type") == "TABLE_FUNCTION"


def _name_in_with(name: str) -> str:
    if not name.isidentifier():  # anything else could be a path, which a database looks for among the files
        raise ConfigError("query: a name in WITH is made of letters, digits and underscores")
    return name.lower()


def _is_listing(node: dict[str, Any]) -> bool:
    return node.get("type") == "SHOW_REF" and not node.get("query")


def _tables_of(seen: _Seen, known: Collection[str]) -> Iterator[str]:
    node = seen.node
    if _is_listing(node):
        raise ConfigError("query: SHOW stands alone, as SHOW TABLES; inside a query, read the table `tables`")
    if node.get("type") == "BASE_TABLE":
        *place, name = (str(part).lower() for part in node["qualified_name"]["path"])
        if place not in ([], ["main"]):
            raise ConfigError(f"query: {name}: tables are named without catalog or schema; SHOW TABLES lists them")
        if place or name not in seen.scope:
            yield _known(name, known)


def _known(name: str, known: Collection[str]) -> str:
    if name not in known:
        raise ConfigError(f"query: there is no table {name!r}; {did_you_mean(name, known)}")
    return name


def _bare(name: str) -> str:
    return name.strip('"').lower()


def _check_function(seen: _Seen) -> None:
    name = str(seen.node.get("function_name") or "").lower()
    values, tables = allowed_functions()
    allowed = tables if seen.in_from else values
    if name and name not in allowed:
        near = did_you_mean(name, allowed)
        way_out = near if near.startswith("did you mean") else "app/sql/functions.toml lists those that are"
        where = " in FROM" if seen.in_from else ""
        raise ConfigError(f"query: the function {name!r} is not allowed{where}; {way_out}")
