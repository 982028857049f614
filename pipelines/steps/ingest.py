"""ingest: sources into ``documents``, into ``quarantine`` what could not be read, and into ``skipped`` what is no document."""

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
from pipelines.contract.schema import DOCUMENTS, QUARANTINE, SKIPPED, SURVIVORS
from pipelines.sources.base import Fault, Listing, Record, Skipped, Source, Unit, sources
from pipelines.steps.base import Account, Outcome, Work
from pipelines.steps.inputs import barren, check_listings, check_unchanged, files_sha256, gave_nothing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.steps.settings import Curation

# A row is a share of the work: units of one source, in their order; an end of -1 is the end of the file.
UNITS: Final = pa.schema([
    ("source", pa.string()), ("names", pa.list_(pa.string())), ("starts", pa.list_(pa.int64())), ("ends", pa.list_(pa.int64())),
    ("sizes", pa.list_(pa.int64())),
])  # fmt: skip
TALLY: Final = pa.schema([("source", pa.string()), ("num_records", pa.int64()), ("num_documents", pa.int64()), ("num_bytes", pa.int64())])
READ: Final = pa.schema([("source", pa.string()), ("num_documents", pa.int64())])
FAULTS: Final = pa.schema([("source", pa.string()), ("error", pa.string()), ("num_faults", pa.int64())])
BOOKS: Final = pa.schema([
    (name, pa.int64()) for name in ("docs_in", "docs_kept", "docs_quarantined", "bytes_in", "bytes_kept", "bytes_quarantined")
])  # fmt: skip
REPEATED: Final = pa.schema([("doc_id", pa.string())])
FIRST_PLACE: Final = pa.schema([("doc_id", pa.string()), ("first_file", pa.string()), ("first_offset", pa.int64())])
_FLUSH_BYTES: Final = 8 << 20
_ROW_BYTES: Final = 512  # what a record costs besides its text while it is held
_SHARE_BYTES: Final = 8 << 20
_SHARE_UNITS: Final = 256  # of small files: enough that a share is worth its row group, few enough that every worker gets some


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
        for share in batch.to_pylist():
            rows = _Rows(share["source"])
            for unit in units_of_share(share):
                for met in self.sources[share["source"]].read(unit):
                    rows.add(met)
                    if rows.held_bytes >= _FLUSH_BYTES:
                        yield rows.taken()
            yield rows.taken()


class _Rows:
    def __init__(self, source: str) -> None:
        self._source = source
        self._documents: list[dict[str, Any]] = []
        self._faults: list[dict[str, Any]] = []
        self._skipped: dict[tuple[str, str], tuple[int | None, int | None]] = {}
        self._records = self._num_documents = self._bytes = self.held_bytes = 0
        self._place: tuple[str, int] | None = None
        self._keys_at_place: set[str] = set()

    def add(self, met: Record | Fault | Skipped) -> None:
        if isinstance(met, Skipped):
            self._pass_by(met)
            return
        size = met.num_bytes if isinstance(met, Fault) else self._add_record(met)
        if isinstance(met, Fault):
            self._faults.append(_fault(self._source, met))
        self._records += 1
        self._bytes += size
        self.held_bytes += size + _ROW_BYTES

    def _add_record(self, met: Record) -> int:
        utf8 = met.text.encode()
        row = _document(self._source, met, utf8)
        if self._is_repeated_in_place(met):
            self._faults.append(_repeat(row))
        else:
            self._documents.append(row)
        self._num_documents += 1
        return len(utf8)

    def _pass_by(self, met: Skipped) -> None:
        if (met.file, met.reason) not in self._skipped:
            self.held_bytes += _ROW_BYTES
        records, size = self._skipped.get((met.file, met.reason), (None, None))
        self._skipped[met.file, met.reason] = _sum(records, met.num_records), _sum(size, met.num_bytes)

    def _is_repeated_in_place(self, record: Record) -> bool:
        """Several records may share a place, as in a packed member of a WARC; of those with one key there, the query for repeats tells no first."""
        if (record.file, record.offset) != self._place:
            self._place, self._keys_at_place = (record.file, record.offset), set()
        known = record.key in self._keys_at_place
        self._keys_at_place.add(record.key)
        return known

    def taken(self) -> dict[str, pa.RecordBatch]:
        documents = pa.RecordBatch.from_pylist(self._documents, schema=DOCUMENTS.schema)
        tally = {"source": self._source, "num_records": self._records, "num_documents": self._num_documents, "num_bytes": self._bytes}
        given = {
            "documents": documents,
            "survivors": documents.select(["doc_id", "num_bytes"]),
            "quarantine": pa.RecordBatch.from_pylist(self._faults, schema=QUARANTINE.schema),
            "skipped": skipped_rows(self._source, [(file, reason, *counts) for (file, reason), counts in self._skipped.items()]),
            "tally": pa.RecordBatch.from_pylist([tally], schema=TALLY),
        }
        self._documents, self._faults, self._skipped = [], [], {}
        self._records = self._num_documents = self._bytes = self.held_bytes = 0
        return given


def _sum(one: int | None, other: int | None) -> int | None:
    return one if other is None else (one or 0) + other


def skipped_rows(source: str, rows: Iterable[tuple[str, str, int | None, int | None]]) -> pa.RecordBatch:
    """Rows of ``skipped`` from file, reason, records and bytes."""
    names = SKIPPED.schema.names
    return pa.RecordBatch.from_pylist([dict(zip(names, (source, *row), strict=True)) for row in rows], schema=SKIPPED.schema)


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
    """Turns records whose key was taken into quarantine rows; beside each document stands the place of the first with its key, if several have it."""

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Documents and survivors without the repeats, and a quarantine row for each of them."""
        is_first = pc.and_(
            pc.equal(batch.column("origin_file"), batch.column("first_file")), pc.equal(batch.column("origin_offset"), batch.column("first_offset"))
        )
        is_kept = pc.fill_null(is_first, fill_value=True)
        kept = batch.filter(is_kept).select(DOCUMENTS.schema.names)
        rows = [_repeat(row) for row in batch.drop_columns(["text"]).filter(pc.invert(is_kept)).to_pylist()]
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
    """See the module. Remembers how the files looked when its key was made, to say at the end whether they still look so."""

    name = "ingest"
    version = 2

    def __init__(self) -> None:
        """Has looked at nothing yet."""
        self._looked: tuple[Curation, dict[str, Listing]] | None = None

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
        """Each source's parameters and a hash of how all its files look: a changed file, or one more that is passed by, is a changed key."""
        made = self.sources(config)
        listings = _listings(config, made)
        self._looked = (config, listings)
        return {name: {**encode(source), "files": files_sha256(listings[name])} for name, source in made.items()}

    def parts(self, config: Curation) -> dict[str, int]:
        """The sources' versions; those of the parts that they work with are among the parameters."""
        return {f"source {name}": source.version for name, source in self.sources(config).items()}

    def reads(self, config: Curation) -> tuple[tuple[str, str], ...]:  # noqa: ARG002
        """Nothing: ingest is first."""
        return ()

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Documents, survivors, quarantine, and what was passed by."""
        return {s.name: s.schema for s in (DOCUMENTS, SURVIVORS, QUARANTINE, SKIPPED)}

    def run(self, work: Work) -> Outcome:
        """Reads every unit once, makes sure that no file changed meanwhile, then sets records with a repeated key aside.

        Raises:
            InputError: a source gave no document, or a file changed while it was read.
        """
        config, made = work.config, self.sources(work.config)
        before = self._looked[1] if self._looked is not None and self._looked[0] is config else _listings(config, made)
        check_listings(config.name, made, before)
        tables = work.map(_shares_table(work, before), ReadUnits(made), {**self.outputs(config), "tally": TALLY})
        check_unchanged(config.name, before, _listings(config, made))
        tally, passed_by = tables.pop("tally"), _with_unopened(work, tables.pop("skipped"), before)
        read = work.engine.rows(work.query("sources_read", READ, {"tally": tally})).to_pylist()
        for name in barren(read, before):
            faults = work.engine.rows(work.query("faults_by_class", FAULTS, {"quarantine": tables["quarantine"]}))
            raise gave_nothing(config.name, name, before[name], faults.to_pylist())
        tables = _without_repeats(work, tables)
        given = {"tally": tally, "survivors": tables["survivors"], "quarantine": tables["quarantine"]}
        books = work.engine.rows(work.query("ingest_account", BOOKS, given), 1).to_pylist()[0]
        tables["skipped"] = work.query("skipped", SKIPPED.schema, {"passed_by": passed_by.renamed("passed_by")})
        return Outcome(tables=tables, account=Account(**books))


def _listings(config: Curation, made: Mapping[str, Source]) -> dict[str, Listing]:
    return {name: source.look(config.ingest.split_bytes) for name, source in made.items()}


def _without_repeats(work: Work, tables: dict[str, Table]) -> dict[str, Table]:
    """The tables with repeats of a key in quarantine."""
    if not work.query("repeated_keys", REPEATED, {"documents": tables["documents"]}).num_rows:
        return tables
    firsts = work.query("first_places", FIRST_PLACE, {"documents": tables["documents"]})
    outputs = {spec.name: spec.schema for spec in (DOCUMENTS, SURVIVORS, QUARANTINE)}
    given = work.map(tables["documents"], SetRepeatsAside(), outputs, beside=firsts)
    return {**given, "quarantine": _both(tables["quarantine"], given["quarantine"])}


def _with_unopened(work: Work, records: Table, listings: Mapping[str, Listing]) -> Table:
    """What was passed by in files, and the files that were not opened."""
    with PartWriter(work.subfolder("unopened"), {"skipped": SKIPPED.schema}) as writer:
        for name, listing in listings.items():
            rows = [(s.file, s.reason, s.num_records, s.num_bytes) for s in listing.skipped]
            writer.write({"skipped": skipped_rows(name, rows)})
    return _both(records, tables_of(writer.files, {"skipped": SKIPPED.schema})["skipped"])


def _both(one: Table, other: Table) -> Table:
    return Table(name=one.name, schema=one.schema, files=one.files + other.files)


def _shares_table(work: Work, listings: Mapping[str, Listing]) -> Table:
    """Shares of the units, one row group each, so that each can go to a worker of its own."""
    with PartWriter(work.subfolder("units"), {"units": UNITS}, row_group_bytes=1) as writer:
        for name, listing in listings.items():
            rows = [_share(name, units) for units in shares(listing.units)]
            writer.write({"units": pa.RecordBatch.from_pylist(rows, schema=UNITS)})
    return tables_of(writer.files, {"units": UNITS})["units"]


def shares(units: Iterable[Unit]) -> Iterator[list[Unit]]:
    """Runs of units that are worth a worker's while: large ones alone, small ones together."""
    held: list[Unit] = []
    size = 0
    for unit in units:
        if held and (size + unit.num_bytes > _SHARE_BYTES or len(held) >= _SHARE_UNITS):
            yield held
            held, size = [], 0
        held.append(unit)
        size += unit.num_bytes
    if held:
        yield held


def _share(source: str, units: list[Unit]) -> dict[str, Any]:
    return {
        "source": source,
        "names": [unit.name for unit in units],
        "starts": [unit.start for unit in units],
        "ends": [-1 if unit.end is None else unit.end for unit in units],
        "sizes": [unit.num_bytes for unit in units],
    }


def units_of_share(share: Mapping[str, Any]) -> Iterator[Unit]:
    """The units of a row of UNITS."""
    for name, start, end, size in zip(share["names"], share["starts"], share["ends"], share["sizes"], strict=True):
        yield Unit(name=name, start=start, end=None if end < 0 else end, num_bytes=size)


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
