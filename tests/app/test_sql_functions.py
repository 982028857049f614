"""Every function, macro and table function of this DuckDB: those on our list may be called, no other, and none shows what is masked."""

from __future__ import annotations

import re

import duckdb
import pytest
import tiny_warehouse

from app.catalog import catalog
from app.sql_check import allowed_functions, check
from app.sql_child import locked
from pipelines.contract.errors import ConfigError


def refusal(sql, known):
    try:
        check(sql, known)
    except ConfigError as error:
        return str(error)
    return None


def listed_functions(*kinds):
    """Names that this DuckDB lists; a table function is what may stand in FROM."""
    rows = duckdb.connect().execute("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN (SELECT unnest($1))", [list(kinds)])
    return sorted(name for (name,) in rows.fetchall())


IN_FROM = ("table", "table_macro")
AS_VALUE = ("scalar", "aggregate", "macro", "window")


def test_of_all_functions_of_this_duckdb_those_on_the_list_may_be_called_and_no_other(tiny):
    known = catalog(tiny).names
    values, tables = allowed_functions()
    for name in listed_functions(*IN_FROM, *AS_VALUE, "pragma"):
        called = '"' + name.replace('"', '""') + '"'
        for allowed, sql in ((values, f"SELECT {called}('_texts')"), (tables, f"SELECT * FROM {called}('_texts')")):
            said = refusal(sql, known)
            assert (said is None) == (name.lower() in allowed), sql
            assert said is None or name.lower() in said, said


def test_the_list_of_functions_names_nothing_that_this_duckdb_does_not_have():
    values, tables = allowed_functions()
    assert not tables - {name.lower() for name in listed_functions(*IN_FROM)}
    assert not values - {name.lower() for name in listed_functions(*AS_VALUE)} - {"unnest"}


def test_no_macro_that_is_on_the_list_reads_anything_but_its_arguments():
    values, tables = allowed_functions()
    assert not tables & set(listed_functions("table_macro"))
    reading = re.compile(r"\bFROM\b|query|duckdb_|pragma_|getvariable|setting|current_(?!date|timestamp)")
    macros = duckdb.connect().sql("SELECT function_name, macro_definition FROM duckdb_functions() WHERE function_type = 'macro'").fetchall()
    assert not values & {name for name, definition in macros if reading.search(definition)}


@pytest.fixture(scope="module")
def unguarded(tiny):
    """The child's connection as it is when nobody looked at the statement."""
    shown = catalog(tiny)
    return locked(shown, shown.names, 1 << 30)


@pytest.mark.parametrize("name", listed_functions(*IN_FROM))
def test_without_that_look_no_table_function_shows_what_is_masked(unguarded, name):
    guesses = ["'_texts'", "'hidden_texts'", "'main._texts'", "'sqlite_master'", "'information_schema.tables'", "'SELECT * FROM _texts'"]
    forms = ["FROM {f}({g})", "FROM {f}({g}, text), texts", "FROM texts, {f}({g}, text)", "FROM texts, {f}({g}, 'text')"]
    for sql in [form.format(f=f'"{name}"', g=guess) for form in forms for guess in guesses]:
        try:
            answer = unguarded.sql(sql)
            rows = repr(answer and answer.fetchall())
        except (duckdb.Error, UnicodeDecodeError) as error:
            rows = str(error)
        assert tiny_warehouse.EMAIL not in rows, sql
        assert "Ann Lee" not in rows, sql
