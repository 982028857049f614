"""What every page needs: the warehouse, a connection to its newest version, and answers that are kept until there is a newer one."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import streamlit as st

from app import queries
from app.catalog import connect, damage_explained, shown_manifests
from app.look import STYLE
from app.scanning import Scanned, scanned
from app.story import Story, tell
from pipelines.contract.errors import AssayError
from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Served:
    """A version of a warehouse, as the pages see it: never raw text."""

    root: str
    number: int

    def saved(self, name: str, **params: queries.Value) -> pa.Table:
        """The answer to a saved query."""
        with _readable():
            return _saved(self.root, self.number, name, tuple(sorted(params.items())))

    def rows(self, sql: str, **params: Any) -> pa.Table:
        """The answer to a query of our own; values are bound, never pasted."""
        with _readable(), damage_explained():
            return _connection(self.root, self.number).cursor().sql(sql, params=params or None).to_arrow_table()

    def story(self, doc_id: str) -> Story:
        """A document's story."""
        with damage_explained():
            return tell(_connection(self.root, self.number).cursor(), doc_id, scan=self.scanned)

    def scanned(self, doc_id: str) -> Scanned | None:
        """The text of a document that no step looked through, looked through now."""
        with _readable():
            warehouse = Warehouse(self.root)
            return scanned(warehouse, shown_manifests(warehouse), doc_id)


def served() -> Served:
    """The newest version of the warehouse; where there is none, or it cannot be read, the page says so and ends."""
    st.html(STYLE)
    warehouse = Warehouse(os.environ.get("ASSAY_WAREHOUSE", "warehouse"))
    with _readable():
        version = warehouse.version()
        if version is None:
            _empty(warehouse)
        _connection(str(warehouse.root), version.number)
    _where(warehouse, version.number)
    return Served(str(warehouse.root), version.number)


def shown_path(root: Path) -> str:
    """A warehouse's path as its user would type it: relative to where the pages were started, if it lies below."""
    return str(root.relative_to(Path.cwd())) if root.is_relative_to(Path.cwd()) else str(root)


def choice(name: str, options: list[str]) -> str | None:
    """The value of a parameter of the address, if it is one of the options."""
    value = st.query_params.get(name)
    return value if value in options else None


def rows_high(num_rows: int, most: int = 280) -> int:
    """Height in pixels of a table of so many rows: no empty rows below the last, and no more than ``most``."""
    return min(most, 35 * (num_rows + 1) + 3)


@contextmanager
def _readable() -> Iterator[None]:
    """Ends the page with one line where the warehouse cannot be read."""
    try:
        yield
    except AssayError as error:
        st.error("The warehouse cannot be read.", icon=":material/error:")
        st.code(str(error), language=None, wrap_lines=True)
        st.stop()


def _where(warehouse: Warehouse, number: int) -> None:
    with st.sidebar:
        st.caption(f"Version {number:,} of the warehouse")
        st.code(shown_path(warehouse.root), language=None, wrap_lines=True)
        st.caption("Personal data is masked here. What the run did not look through is looked through when it is shown, or is not shown.")


def _empty(warehouse: Warehouse) -> NoReturn:
    st.title("Nothing here yet")
    st.info("This warehouse holds no finished run. Run one of these in a terminal, then reload the page.", icon=":material/inbox:")
    st.code("assay demo           # the whole loop, on text that is already on this machine\nassay run RUN.toml   # a run of your own", language=None)
    st.caption("The warehouse that was looked at; set ASSAY_WAREHOUSE to look at another one:")
    st.code(shown_path(warehouse.root), language=None, wrap_lines=True)
    st.stop()


@st.cache_resource(max_entries=4, show_spinner="Opening the warehouse")
def _connection(root: str, number: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001 - a newer version is another connection
    return connect(Warehouse(root))


@st.cache_data(max_entries=64, show_spinner=False)
def _saved(root: str, number: int, name: str, params: tuple[tuple[str, queries.Value], ...]) -> pa.Table:
    return queries.answer(_connection(root, number).cursor(), name, **dict(params))
