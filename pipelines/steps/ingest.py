"""ingest: sources into ``documents``, and into ``quarantine`` what could not be read."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.config import encode, part
from pipelines.contract.errors import ConfigError, QuarantineExceeded
from pipelines.contract.parts import PartWriter, Table, tables_of
from pipelines.contract.schema import DOCUMENTS, QUARANTINE, SURVIVORS
from pipelines.sources.base import Fault, Record, Source, sources
from pipelines.steps.base import Account, Outcome, Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.steps.settings import Curation

UNITS: Final = pa.schema([("source", pa.string()), ("unit", pa.string())])
TALLY: Final = pa.schema([("num_records", pa.int64()), ("num_bytes", pa.int64())])
BOOKS: Final = pa.schema([
    (name, pa.int64()) for name in ("docs_in", "docs_kept", "docs_quarantined", "bytes_in", "bytes_kept", "bytes_quarantined")
])  # fmt: skip
KEPT_PLACE: Final = pa.schema([("doc_id", pa.string()), ("origin_file", pa.string()), ("origin_offset", pa.int64())])
_FLUSH_BYTES: Final = 8 << 20


def document_id(source: str, key: str) -> str:
    """32 hex digits from the source's name and the record's key: blake2b with a digest of 128 bits.

    >>> document_id("web", "a/b.jsonl:0") == document_id("web", "a/b.jsonl:0")
    True
    """
    return hashlib.blake2b(f"{source}\0{key}".encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class ReadUnits:
    """Reads each unit of a batch; gives rows in pieces, so that a unit may be larger than memory."""

    sources: Mapping[str, Source]

    def __call__(self, batch: pa.RecordBatch) -> Iterator[dict[str, pa.RecordBatch]]:
        """Documents, quarantine, survivors and a tally of what was met, counted apart from what was made of it."""
        for source, unit in zip(batch.column("source").to_pylist(), batch.column("unit").to_pylist(), strict=True):
            rows = _Rows(source)
            for met in self.sources[source].read(unit):
                rows.add(met)
                if rows.held_bytes >= _FLUSH_BYTES:
                    yield rows.taken()
            yield rows.taken()


class _Rows:
    def __init__(self, source: str) -> None:
        self._source = source
        self._documents: list[dict[str, Any]] = []
        self._faults: list[dict[str, Any]] = []
        self._records = self._bytes = self.held_bytes = 0
        self._place: tuple[str, int] | None = None
        self._keys_at_place: set[str] = set()

    def add(self, met: Record | Fault) -> None:
        if isinstance(met, Record) and self._is_repeated_in_place(met):
            utf8 = met.text.encode()
            size = len(utf8)
            self._faults.append(_repeat(_document(self._source, met, utf8)))
        elif isinstance(met, Record):
            utf8 = met.text.encode()
            size = len(utf8)
            self._documents.append(_document(self._source, met, utf8))
        else:
            size = met.num_bytes
            self._faults.append(_fault(self._source, met))
        self._records += 1
        self._bytes += size
        self.held_bytes += size

    def _is_repeated_in_place(self, record: Record) -> bool:
        """Several records may share a place, as in a packed member of a WARC; of those with one key there, the query for repeats tells no first."""
        if (record.file, record.offset) != self._place:
            self._place, self._keys_at_place = (record.file, record.offset), set()
        known = record.key in self._keys_at_place
        self._keys_at_place.add(record.key)
        return known

    def taken(self) -> dict[str, pa.RecordBatch]:
        documents = pa.RecordBatch.from_pylist(self._documents, schema=DOCUMENTS.schema)
        given = {
            "documents": documents,
            "survivors": documents.select(["doc_id", "num_bytes"]),
            "quarantine": pa.RecordBatch.from_pylist(self._faults, schema=QUARANTINE.schema),
            "tally": pa.RecordBatch.from_pylist([{"num_records": self._records, "num_bytes": self._bytes}], schema=TALLY),
        }
        self._documents, self._faults, self._records, self._bytes, self.held_bytes = [], [], 0, 0, 0
        return given


def _document(source: str, record: Record, utf8: bytes) -> dict[str, Any]:
    return {
        "doc_id": document_id(source, record.key),
        "source": source,
        "kind": record.kind,
        "record_key": record.key,
        "origin": record.origin,
        "url": record.url,
        "license": record.license,
        "created_at": record.created_at,
        "text": record.text,
        "num_bytes": len(utf8),
        "content_sha256": hashlib.sha256(utf8).hexdigest(),
        "origin_file": record.file,
        "origin_codec": record.codec,
        "origin_offset": record.offset,
        "origin_length": record.length,
    }


def _fault(source: str, fault: Fault) -> dict[str, Any]:
    return {
        "step": "ingest",
        "source": source,
        "doc_id": None,
        "origin_file": fault.file,
        "origin_offset": fault.offset,
        "num_bytes": fault.num_bytes,
        "error": fault.error,
        "message": fault.message,
    }


@dataclass(frozen=True)
class SetRepeatsAside:
    """Turns records whose key was taken into quarantine rows. ``repeats`` holds (doc_id, file, offset) of each."""

    repeats: frozenset[tuple[str, str, int]]

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Documents and survivors without the repeats, and a quarantine row for each of them."""
        places = zip(*(batch.column(n).to_pylist() for n in KEPT_PLACE.names), strict=True)
        repeated = pa.array([place in self.repeats for place in places], pa.bool_())
        kept = batch.filter(pc.invert(repeated))
        rows = [_repeat(row) for row in batch.drop_columns(["text"]).filter(repeated).to_pylist()]
        return {
            "documents": kept,
            "survivors": kept.select(["doc_id", "num_bytes"]),
            "quarantine": pa.RecordBatch.from_pylist(rows, schema=QUARANTINE.schema),
        }


def _repeat(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "step": "ingest",
        "source": row["source"],
        "doc_id": None,
        "origin_file": row["origin_file"],
        "origin_offset": row["origin_offset"],
        "num_bytes": row["num_bytes"],
        "error": "repeated_key",
        "message": "an earlier record of this source has the same key; the first by file and place stays",
    }


class Ingest:
    """See the module."""

    name = "ingest"
    version = 1

    def sources(self, config: Curation) -> dict[str, Source]:
        """The run's sources by their names; a source without a name is called what it is."""
        found: dict[str, Source] = {}
        for number, table in enumerate(config.sources):
            where = f"{config.name}: sources[{number}]"
            name = table.get("name", table.get("use"))
            _, made = part(sources, {k: v for k, v in table.items() if k != "name"}, where)
            if not isinstance(name, str) or name in found:
                raise ConfigError(f"{where}: each source needs a name of its own, got {name!r}")
            found[name] = made
        if not found:
            raise ConfigError(f"{config.name}: sources: a run needs at least one [[sources]] table")
        return found

    def params(self, config: Curation) -> Any:
        """Each source's parameters and what its units looked like: a changed file is a changed key."""
        made = self.sources(config)
        return {name: {"use": type(source).__name__, **encode(source), "units": source.fingerprint()} for name, source in made.items()}

    def parts(self, config: Curation) -> dict[str, int]:
        """The sources' versions."""
        return {f"source {name}": source.version for name, source in self.sources(config).items()}

    def reads(self, config: Curation) -> tuple[tuple[str, str], ...]:  # noqa: ARG002
        """Nothing: ingest is first."""
        return ()

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Documents, survivors, quarantine."""
        return {s.name: s.schema for s in (DOCUMENTS, SURVIVORS, QUARANTINE)}

    def run(self, work: Work) -> Outcome:
        """Reads every unit once, then sets records with a repeated key aside."""
        made = self.sources(work.config)
        outputs = self.outputs(work.config)
        units = _units_table(work, made)
        tables = work.map(units, ReadUnits(made), {**outputs, "tally": TALLY})
        tally = tables.pop("tally")
        repeats = work.engine.rows(work.query("repeated_keys", KEPT_PLACE, {"documents": tables["documents"]}), 1_000_000)
        if repeats.num_rows:
            places = frozenset(zip(*(repeats.column(n).to_pylist() for n in KEPT_PLACE.names), strict=True))
            first_faults = tables["quarantine"]
            tables = work.map(tables["documents"], SetRepeatsAside(places), outputs)
            tables["quarantine"] = Table(name="quarantine", schema=QUARANTINE.schema, files=first_faults.files + tables["quarantine"].files)
        given = {"tally": tally, "survivors": tables["survivors"], "quarantine": tables["quarantine"]}
        books = work.engine.rows(work.query("ingest_account", BOOKS, given), 1).to_pylist()[0]
        return Outcome(tables=tables, account=Account(**books))


def _units_table(work: Work, made: Mapping[str, Source]) -> Table:
    """The units, one row group each, so that each can go to a worker of its own."""
    with PartWriter(work.subfolder("units"), {"units": UNITS}, row_group_bytes=1) as writer:
        for name, source in made.items():
            rows = [{"source": name, "unit": unit} for unit in source.units()]
            writer.write({"units": pa.RecordBatch.from_pylist(rows, schema=UNITS)})
    return tables_of(writer.files, {"units": UNITS})["units"]


def check_quarantine(account: Account, quarantine: pa.Table, limit: float, where: str) -> None:
    """Raises QuarantineExceeded where more than ``limit`` of the records were set aside; the message counts the faults by class."""
    if account.docs_in and account.docs_quarantined / account.docs_in > limit:
        classes = Counter(quarantine.column("error").to_pylist()).most_common(3)
        first = quarantine.sort_by([("origin_file", "ascending"), ("origin_offset", "ascending")]).slice(0, 1).to_pylist()[0]
        raise QuarantineExceeded(
            f"{where}: {account.docs_quarantined:,} of {account.docs_in:,} records were set aside ({account.docs_quarantined / account.docs_in:.1%}, "
            f"limit {limit:.1%}): {', '.join(f'{n:,} {kind}' for kind, n in classes)}; the first is in {first['origin_file']}: {first['message']}; "
            "mend the input, or raise [ingest] max_quarantine_ratio"
        )
