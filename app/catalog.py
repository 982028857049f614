"""The warehouse as SQL: one view a table of the contract, over exactly the files that the newest version names, page checksums verified.

The default catalog shows what anyone may see: columns that can be personal are not there, and ``texts.text`` is masked. ``raw=True`` shows all
of it and leaves a line in ``WAREHOUSE/raw_access.log``. Where nothing was published yet, the catalog shows what the newest run finished.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from app.glossary import STEPS
from app.masking import masked_column, masked_part_column
from app.raw_access import log_raw_access
from pipelines.contract.errors import ConfigError, CorruptFile, WarehouseError
from pipelines.contract.parts import PartFile
from pipelines.contract.registry import did_you_mean
from pipelines.contract.schema import RUNS, SURVIVORS, TABLES
from pipelines.contract.warehouse import Warehouse, file_sha256

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
_FACTS: Final = {
    "steps": "a step of the pipeline, in order",
    "tables": "a table of this catalog",
    "columns": "a column of a table of this catalog, with its meaning",
    "runs": TABLES["runs"].grain,
}
WITHOUT_MEANINGS: Final = frozenset({*_VIEWS, *_FACTS}) - {"runs"}  # whose columns the table ``columns`` does not have
_ALIVE: Final = "_survivors_"  # a step's own survivors; the view ``survivors`` puts the step's name beside them
# Tables that are reached through a view that hides some of their text (``app/sql/views``), and what that view reads beside them.
_HIDDEN: Final = (f"{_ALIVE}scrub", "corpus", "pii_spans", "edits")  # what says which bytes are hidden: ``hidden_spans.sql``
_MASKED: Final[dict[str, tuple[str, ...]]] = {"texts": _HIDDEN, "benchmark_items": ("splits", "texts", *_HIDDEN)}
HIDDEN_NAME: Final = re.compile(r"hidden_[0-9a-f]{32}_")  # how a name begins that only our views know; another one for each connection
_HIDDEN_IN_VIEW: Final = re.compile(r"\b_(?=[a-z])")  # how ``app/sql/views`` writes the beginning of such a name
LATEST: Final = "latest"
_COLUMNS: Final = pa.schema(
    [("table_name", "string"), ("position", "int32"), ("column_name", "string"), ("column_type", "string"), ("meaning", "string")]
)
_NOT_READ: Final = "reading the Arrow source failed"  # how DuckDB begins what Arrow says
_WAY_OUT: Final = "`assay verify` says what to delete, so that its step is done anew"
_CHECKED_PAGES: Final = pads.ParquetFileFormat(default_fragment_scan_options=pads.ParquetFragmentScanOptions(page_checksum_verification=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table as it may be read: the columns that are shown and all that are stored, the files that hold it, how many rows they have."""

    name: str
    grain: str
    schema: pa.Schema
    stored: pa.Schema
    files: Mapping[str, PartFile] = field(default_factory=dict)
    num_rows: int = 0

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns other than doc_id that are numbers or truth values."""
        return tuple(f.name for f in self.schema if pa.types.is_integer(f.type) or pa.types.is_floating(f.type) or pa.types.is_boolean(f.type))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """What a version of a warehouse, or a run, offers to SQL."""

    warehouse: Warehouse
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


def catalog(warehouse: Warehouse, *, raw: bool = False, number: int | None = None, run: str | None = None) -> Catalog:
    """The tables of a version, the newest by default, or of a run; all of them empty if nothing was ever finished.

    Raises:
        ConfigError: no run of that id left finished steps.
    """
    manifests = _manifests(warehouse, number, run)
    relations = {name: _relation(warehouse, manifests, name, raw=raw) for name in TABLES if name not in {RUNS.name, SURVIVORS.name}}
    for name in sorted({name for m in manifests.values() for name, entry in m.tables.items() if name.startswith(FAMILY) and entry.files}):
        relations[name] = _relation(warehouse, manifests, name, raw=raw)
    for step in {"scrub", *(step for step, m in manifests.items() if SURVIVORS.name in m.tables)}:
        only = {step: manifests[step]} if step in manifests else {}
        relations[f"{_ALIVE}{step}"] = replace(_relation(warehouse, only, SURVIVORS.name, raw=raw), name=f"{_ALIVE}{step}")
    return Catalog(warehouse=warehouse, raw=raw, relations=relations)


def shown_manifests(warehouse: Warehouse) -> dict[str, Manifest]:
    """The manifests of what a catalog shows by default: the newest version's, or those of the newest run where nothing was published."""
    return _manifests(warehouse, None, None)


def connect(warehouse: Warehouse, *, raw: bool = False, run: str | None = None, purpose: str = "connect") -> duckdb.DuckDBPyConnection:
    """A connection for our own queries, over the newest version; cursors of it see the same views. Strangers' SQL goes through ``run_sql``.

    Raises:
        ConfigError: no run of that id left finished steps.
        WarehouseError: raw access cannot be logged, or a file that the version names cannot be read.
    """
    if raw:
        log_raw_access(warehouse, purpose)
    shown = catalog(warehouse, raw=raw, run=run)
    connection = duckdb.connect(":memory:", config={"python_enable_replacements": "false"})
    install(connection, shown, shown.names)
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


def install(connection: duckdb.DuckDBPyConnection, shown: Catalog, names: Iterable[str]) -> None:
    """Makes tables readable, as views over Arrow data sets, which a connection reads even when it may not open files.

    What a view hides has a name that nobody can guess: some functions of a database take a table's name as text, and a statement cannot both
    find a name out and use it.

    Raises:
        CorruptFile: a file that the version names is gone.
    """
    connection.execute("SET TimeZone = 'UTC'")
    prefix = f"hidden_{secrets.token_hex(16)}_"
    wanted = shown.needed(names)
    for name in sorted(wanted & set(shown.relations)):
        hidden = name.startswith("_") or (name in _MASKED and not shown.raw)
        _view_of_files(connection, f"{prefix}{name.removeprefix('_')}" if hidden else name, shown.relations[name])
    _install_facts(connection, shown)
    _install_views(connection, shown, wanted, prefix)


def unread(error: duckdb.Error, relations: Iterable[Relation]) -> WarehouseError | None:
    """What it means that a query failed while it read one of these tables; None if it failed for another reason."""
    if _NOT_READ not in str(error):
        return None
    path = _damaged(relations)
    if path is None:
        return WarehouseError("a table cannot be read, though its files are as their manifests say; ask again")
    return CorruptFile(f"{path}: differs from its manifest; {_WAY_OUT}")


def _manifests(warehouse: Warehouse, number: int | None, run: str | None) -> dict[str, Manifest]:
    version = warehouse.version(number) if run is None else None
    if version is not None:
        return warehouse.manifests(version)
    finished = {row["run_id"]: steps for row in warehouse.runs() if (steps := warehouse.finished_steps(row["run_id"]))}
    chosen = max(finished, default=None) if run in {None, LATEST} else run
    if run is not None and chosen not in finished:
        raise ConfigError(f"--run {run}: no such run left finished steps; {did_you_mean(run, finished)}")
    found = {step: warehouse.find(step, key) for step, key in (finished[chosen] if chosen and number is None else {}).items()}
    gone = [step for step, manifest in found.items() if manifest is None]
    if gone:
        raise ConfigError(f"run {chosen}: what its step {gone[0]} left is gone; run the same command again to make it anew")
    return {step: manifest for step, manifest in found.items() if manifest is not None}


def _relation(warehouse: Warehouse, manifests: Mapping[str, Manifest], name: str, *, raw: bool) -> Relation:
    entries = [m.tables[name] for m in manifests.values() if name in m.tables]
    held = {f"{warehouse.root}/{f.path}": f for entry in entries for f in entry.files}
    full = TABLES[name].schema if name in TABLES else _schema_of(min(held))
    hidden = frozenset() if raw else PRIVATE.get(name, frozenset())
    grain = TABLES[name].grain if name in TABLES else f"a document's signals of the family {name.removeprefix(FAMILY)}"
    schema = pa.schema([f.remove_metadata() for f in full if f.name not in hidden])
    return Relation(name=name, grain=grain, schema=schema, stored=full, files=held, num_rows=sum(e.num_rows for e in entries))


def _damaged(relations: Iterable[Relation]) -> str | None:
    """The first file of some tables that is not what its manifest says."""
    held = {path: file.sha256 for relation in relations for path, file in relation.files.items()}
    return next((path for path in sorted(held) if not Path(path).is_file() or file_sha256(path) != held[path]), None)


def _schema_of(path: str) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise CorruptFile(f"{path}: cannot be read as Parquet ({type(error).__name__}); {_WAY_OUT}") from None


def _view_of_files(connection: duckdb.DuckDBPyConnection, name: str, relation: Relation) -> None:
    if not relation.files:
        _table_of(connection, name, relation.schema.empty_table())
        return
    try:
        data = pads.dataset(sorted(relation.files), schema=relation.schema, format=_CHECKED_PAGES)
        for fragment in data.get_fragments():
            _check_footer(fragment, relation)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise CorruptFile(f"{_damaged([relation]) or relation.name}: cannot be read ({type(error).__name__}); {_WAY_OUT}") from None
    connection.from_arrow(data).create_view(name)


def _check_footer(fragment: pads.ParquetFileFragment, relation: Relation) -> None:
    """Compares what no checksum covers: a column whose name is damaged would be read as one without values.

    Columns that an earlier version of assay did not write are no damage, and whoever meets others has the whole file to compare.
    """
    known = {(f.name, f.type.id) for f in relation.stored}
    file = relation.files[fragment.path]
    is_plain = all((f.name, f.type.id) in known for f in fragment.physical_schema) and fragment.metadata.num_rows == file.num_rows
    if not is_plain and file_sha256(fragment.path) != file.sha256:
        raise CorruptFile(f"{fragment.path}: differs from its manifest; {_WAY_OUT}")


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
    _table_of(connection, "columns", pa.Table.from_pylist(_columns(shown), schema=_COLUMNS))


def _columns(shown: Catalog) -> list[dict[str, object]]:
    told = {r.name: (r.schema, r.stored) for r in shown.relations.values() if not r.name.startswith("_")} | {RUNS.name: (RUNS.schema, RUNS.schema)}
    return [
        {"table_name": table, "position": i, "column_name": f.name, "column_type": str(f.type), "meaning": _meaning(stored.field(f.name))}
        for table, (schema, stored) in sorted(told.items())
        for i, f in enumerate(schema, 1)
    ]


def _meaning(field: pa.Field) -> str | None:
    told = (field.metadata or {}).get(b"meaning")
    return told.decode() if told else None


def _install_views(connection: duckdb.DuckDBPyConnection, shown: Catalog, wanted: set[str], prefix: str) -> None:
    chosen = sorted(wanted & set(_MASKED)) if not shown.raw else []
    if chosen:
        lists = "BIGINT[]"
        how = {"type": "arrow", "null_handling": "special"}
        connection.create_function(f"{prefix}masked", masked_column, ["VARCHAR", lists, lists], "VARCHAR", **how)
        connection.create_function(f"{prefix}masked_part", masked_part_column, ["VARCHAR", "VARCHAR", lists, lists], "VARCHAR", **how)
    for name, view in [(f"{prefix}hidden_spans", "hidden_spans"), *((name, name) for name in chosen)] if chosen else ():
        sql = (files("app.sql.views") / f"{view}.sql").read_text("utf-8")
        connection.execute(f"CREATE VIEW {name} AS {_HIDDEN_IN_VIEW.sub(prefix, sql)}")
    if "survivors" in wanted:
        named = ((_text(r.name.removeprefix(_ALIVE)), _quoted(f"{prefix}{r.name[1:]}")) for r in shown.survivors)
        alive = (f"SELECT {step} AS step, doc_id, num_bytes FROM {table}" for step, table in named)  # noqa: S608 - names of ours, quoted
        connection.execute(f"CREATE VIEW survivors AS {' UNION ALL '.join(alive)}")
    if "signals" in wanted:
        connection.execute(f"CREATE VIEW signals AS {_side_by_side(shown.families)}")
    if "signal_values" in wanted:
        connection.execute(f"CREATE VIEW signal_values AS {_long(shown.families)}")


def _side_by_side(families: tuple[Relation, ...]) -> str:
    """A select of all families by doc_id; a column name that two families use is led by its family's name."""
    uses: dict[str, int] = {}
    for family in families:
        for column in family.schema.names:
            uses[column] = uses.get(column, 0) + 1
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
