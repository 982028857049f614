"""The warehouse as SQL: one view a table of the contract, over exactly the files that the newest version names.

The default catalog shows what anyone may see: columns that can be personal are not there, and ``texts.text`` is masked. ``raw=True`` shows all
of it and leaves a line in ``WAREHOUSE/raw_access.log``.
"""

from __future__ import annotations

import getpass
import hashlib
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from app.glossary import STEPS
from app.masking import masked_column, masked_part_column
from pipelines.contract.errors import CorruptFile, WarehouseError
from pipelines.contract.schema import RUNS, SURVIVORS, TABLES
from pipelines.contract.warehouse import Version, Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.contract.manifest import Manifest

FAMILY: Final = "signals_"
# Raw text is private, and so are a record's key and address: they often hold a person's name.
PRIVATE: Final[dict[str, frozenset[str]]] = {
    "documents": frozenset({"text", "url", "record_key", "origin", "origin_file"}),
    "texts": frozenset({"url", "origin"}),
    "corpus": frozenset({"url"}),
    "quarantine": frozenset({"origin_file"}),
    "skipped": frozenset({"origin_file"}),
}
_VIEWS: Final = {
    "survivors": "a document alive after a step, with its bytes after that step",
    "signals": "a document, with the signals of all families side by side",
    "signal_values": "a signal of a document: the families in long form, numbers only",
}
_FACTS: Final = {"steps": "a step of the pipeline, in order", "tables": "a table of this catalog", "runs": TABLES["runs"].grain}
_ALIVE: Final = "_survivors_"  # a step's own survivors; the view ``survivors`` puts the step's name beside them
# Tables that are reached through a view that hides some of their text (``app/sql/views``), and what that view reads beside them.
_HIDDEN: Final = (f"{_ALIVE}scrub", "corpus", "pii_spans", "edits")  # what says which bytes are hidden: ``hidden_spans.sql``
_MASKED: Final[dict[str, tuple[str, ...]]] = {"texts": _HIDDEN, "benchmark_items": ("splits", "texts", *_HIDDEN)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table as it may be read: the columns that are shown, the files that hold it, how many rows they have."""

    name: str
    grain: str
    schema: pa.Schema
    paths: tuple[str, ...] = ()
    num_rows: int = 0

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns other than doc_id that are numbers or truth values."""
        return tuple(f.name for f in self.schema if pa.types.is_integer(f.type) or pa.types.is_floating(f.type) or pa.types.is_boolean(f.type))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """What a version of a warehouse offers to SQL."""

    warehouse: Warehouse
    version: Version | None
    raw: bool
    relations: Mapping[str, Relation]

    @property
    def families(self) -> tuple[Relation, ...]:
        """Tables of signals, by name."""
        return tuple(r for name, r in sorted(self.relations.items()) if name.startswith(FAMILY))

    @property
    def survivors(self) -> tuple[Relation, ...]:
        """Documents alive after each step, in the order of the names."""
        return tuple(r for name, r in sorted(self.relations.items()) if name.startswith(_ALIVE))

    @property
    def names(self) -> list[str]:
        """Every name that a query may use."""
        return sorted({name for name in (*self.relations, *_VIEWS, *_FACTS) if not name.startswith("_")})

    def needed(self, names: Iterable[str]) -> set[str]:
        """The names, with the tables that their views are made of."""
        wanted = set(names)
        if wanted & {"signals", "signal_values"}:
            wanted |= {"texts", *(family.name for family in self.families)}
        if "survivors" in wanted:
            wanted |= {step.name for step in self.survivors}
        return wanted.union(*(beside for name, beside in _MASKED.items() if name in wanted and not self.raw))


def catalog(warehouse: Warehouse, *, raw: bool = False, number: int | None = None) -> Catalog:
    """The tables of a version, the newest by default; all of them empty if nothing was published."""
    version = warehouse.version(number)
    manifests = warehouse.manifests(version) if version else {}
    relations = {name: _relation(warehouse, manifests, name, raw=raw) for name in TABLES if name not in {RUNS.name, SURVIVORS.name}}
    for name in sorted({name for m in manifests.values() for name, entry in m.tables.items() if name.startswith(FAMILY) and entry.files}):
        relations[name] = _relation(warehouse, manifests, name, raw=raw)
    for step in {"scrub", *(step for step, m in manifests.items() if SURVIVORS.name in m.tables)}:
        only = {step: manifests[step]} if step in manifests else {}
        relations[f"{_ALIVE}{step}"] = replace(_relation(warehouse, only, SURVIVORS.name, raw=raw), name=f"{_ALIVE}{step}")
    return Catalog(warehouse=warehouse, version=version, raw=raw, relations=relations)


def connect(warehouse: Warehouse, *, raw: bool = False, purpose: str = "connect") -> duckdb.DuckDBPyConnection:
    """A connection for our own queries, over the newest version; cursors of it see the same views. Strangers' SQL goes through ``run_sql``.

    Raises:
        WarehouseError: raw access cannot be logged, or a file that the version names cannot be read.
    """
    if raw:
        log_raw_access(warehouse, purpose)
    shown = catalog(warehouse, raw=raw)
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    for name, relation in shown.relations.items():
        _view_of_files(connection, _hidden(shown, name), relation)
    _install_facts(connection, shown)
    _install_views(connection, shown, set(shown.names))
    return connection


@contextmanager
def damage_explained() -> Iterator[None]:
    """Turns DuckDB's error while a query of ours reads a table into what its user can do about it.

    Raises:
        CorruptFile: a file could not be read; DuckDB's message is left out, since it may quote values.
    """
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise WarehouseError("the query needs more memory than there is; ask for less") from None
    except duckdb.Error as error:
        raise CorruptFile(f"a published table cannot be read ({type(error).__name__}); `assay verify` names the file") from None


def install_arrow(connection: duckdb.DuckDBPyConnection, shown: Catalog, names: Iterable[str]) -> None:
    """Registers tables as Arrow data sets, which a connection reads even when it may not open files."""
    wanted = shown.needed(names)
    for name in sorted(wanted & set(shown.relations)):
        relation = shown.relations[name]
        data = pads.dataset(list(relation.paths), schema=relation.schema, format="parquet") if relation.paths else relation.schema.empty_table()
        connection.register(_hidden(shown, name), data)
    _install_facts(connection, shown)
    _install_views(connection, shown, wanted)


def log_raw_access(warehouse: Warehouse, purpose: str) -> None:
    """Leaves a line: when, who, and the hash of what was asked; never the question itself, which may quote text.

    Raises:
        WarehouseError: the line cannot be written, so raw text is not shown.
    """
    if not warehouse.root.is_dir():
        return
    line = f"{datetime.now(UTC).isoformat(timespec='seconds')}\t{_user()}\t{hashlib.sha256(purpose.encode()).hexdigest()}\n"
    try:
        with (warehouse.root / "raw_access.log").open("a", encoding="utf-8") as log:
            log.write(line)
    except OSError as error:
        raise WarehouseError(f"{warehouse.root}/raw_access.log: {error.strerror}; raw text is shown only where its use can be logged") from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _relation(warehouse: Warehouse, manifests: Mapping[str, Manifest], name: str, *, raw: bool) -> Relation:
    entries = [m.tables[name] for m in manifests.values() if name in m.tables]
    paths = tuple(sorted({f"{warehouse.root}/{f.path}" for entry in entries for f in entry.files}))
    full = TABLES[name].schema if name in TABLES else _schema_of(paths[0])
    hidden = frozenset() if raw else PRIVATE.get(name, frozenset())
    grain = TABLES[name].grain if name in TABLES else f"a document's signals of the family {name.removeprefix(FAMILY)}"
    schema = pa.schema([f.remove_metadata() for f in full if f.name not in hidden])
    return Relation(name=name, grain=grain, schema=schema, paths=paths, num_rows=sum(e.num_rows for e in entries))


def _schema_of(path: str) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise CorruptFile(f"{path}: cannot be read as Parquet ({type(error).__name__}); run `assay verify`, then run the step again") from None


def _hidden(shown: Catalog, name: str) -> str:
    """A table's own name, or one that only its masking view knows: a query that names anything with a leading underscore is refused."""
    return f"_{name}" if name in _MASKED and not shown.raw else name


def _view_of_files(connection: duckdb.DuckDBPyConnection, name: str, relation: Relation) -> None:
    if not relation.paths:
        _table_of(connection, name, relation.schema.empty_table())
        return
    columns = ", ".join(_quoted(f.name) for f in relation.schema)
    try:
        connection.read_parquet(list(relation.paths)).project(columns).create_view(name)
    except duckdb.Error as error:
        raise CorruptFile(
            f"{relation.name}: a file of it cannot be read ({type(error).__name__}); run `assay verify`, then run the step again"
        ) from None


def _table_of(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    # A table, not a registered object: cursors of a connection share tables only.
    connection.register("_incoming", rows)
    connection.execute(f"CREATE TABLE {_quoted(name)} AS SELECT * FROM _incoming")  # noqa: S608 - a name of ours, quoted
    connection.unregister("_incoming")


def _install_facts(connection: duckdb.DuckDBPyConnection, shown: Catalog) -> None:
    steps = [{"position": i, "step": step, "meaning": meaning} for i, (step, meaning) in enumerate(STEPS.items(), 1)]
    known = {**{r.name: r.grain for r in shown.relations.values() if not r.name.startswith("_")}, **_VIEWS, **_FACTS}
    sizes = {name: r.num_rows for name, r in shown.relations.items()}
    tables = [{"name": name, "num_rows": sizes.get(name), "a_row_is": grain} for name, grain in sorted(known.items())]
    runs = pa.Table.from_pylist(shown.warehouse.runs(), schema=RUNS.schema.remove_metadata())
    _table_of(connection, "steps", pa.Table.from_pylist(steps))
    _table_of(
        connection, "tables", pa.Table.from_pylist(tables, schema=pa.schema([("name", "string"), ("num_rows", "int64"), ("a_row_is", "string")]))
    )
    _table_of(connection, "runs", runs)


def _install_views(connection: duckdb.DuckDBPyConnection, shown: Catalog, wanted: set[str]) -> None:
    if not shown.raw:
        lists = "BIGINT[]"
        how = {"type": "arrow", "null_handling": "special"}
        connection.create_function("_masked", masked_column, ["VARCHAR", lists, lists], "VARCHAR", **how)
        connection.create_function("_masked_part", masked_part_column, ["VARCHAR", "VARCHAR", lists, lists], "VARCHAR", **how)
        chosen = sorted(wanted & set(_MASKED))
        for name, view in [("hidden_spans", "_hidden_spans"), *((name, name) for name in chosen)] if chosen else ():
            connection.execute(f"CREATE VIEW {view} AS {(files('app.sql.views') / f'{name}.sql').read_text('utf-8')}")
    if "survivors" in wanted:
        alive = (f"SELECT {_text(r.name.removeprefix(_ALIVE))} AS step, doc_id, num_bytes FROM {_quoted(r.name)}" for r in shown.survivors)  # noqa: S608
        connection.execute(f"CREATE VIEW survivors AS {' UNION ALL '.join(alive)}")
    if "signals" in wanted:
        connection.execute(f"CREATE VIEW signals AS {_side_by_side(shown.families)}")
    if "signal_values" in wanted:
        connection.execute(f"CREATE VIEW signal_values AS {_long(shown.families)}")


def _side_by_side(families: tuple[Relation, ...]) -> str:
    """A select of all families by doc_id; a column name that two families use is led by its family's name."""
    uses: dict[str, int] = {}
    for family in families:
        for field in family.schema:
            uses[field.name] = uses.get(field.name, 0) + 1
    columns = ["t.doc_id"]
    for family in families:
        short = family.name.removeprefix(FAMILY)
        names = [f.name for f in family.schema if f.name != "doc_id"]
        columns += [f"{_quoted(family.name)}.{_quoted(n)} AS {_quoted(n if uses[n] == 1 else f'{short}_{n}')}" for n in names]
    joins = "".join(f" LEFT JOIN {_quoted(f.name)} ON {_quoted(f.name)}.doc_id = t.doc_id" for f in families)
    return f"SELECT {', '.join(columns)} FROM texts AS t{joins}"  # noqa: S608 - names from the schemas, quoted


def _long(families: tuple[Relation, ...]) -> str:
    """A select of one row a document and signal; a filter on ``signal`` leaves the other columns unread."""
    parts = ["SELECT CAST(NULL AS VARCHAR) AS doc_id, '' AS family, '' AS signal, CAST(NULL AS DOUBLE) AS value WHERE false"]
    for family in families:
        short = _text(family.name.removeprefix(FAMILY))
        parts += [
            f"SELECT doc_id, {short}, {_text(name)}, CAST({_quoted(name)} AS DOUBLE) FROM {_quoted(family.name)}"  # noqa: S608
            for name in family.numbers
        ]
    return " UNION ALL ".join(parts)


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _text(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"
