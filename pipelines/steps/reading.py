"""What a worker does of ingest: units into rows of documents, quarantine and skipped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.parts import scratch
from pipelines.contract.schema import DOCUMENTS, QUARANTINE, SKIPPED
from pipelines.engine.base import FILE
from pipelines.sources.base import Fault, Record, Records, Skipped, Source, Unit, reader_of
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A row is a share of the work: units of one source, in their order; an end of -1 is the end of the file.
UNITS: Final = scratch(pa.schema([
    ("source", pa.string()), ("names", pa.list_(pa.string())), ("starts", pa.list_(pa.int64())), ("ends", pa.list_(pa.int64())),
    ("sizes", pa.list_(pa.int64())),
]))  # fmt: skip
TALLY: Final = scratch(pa.schema([("source", pa.string()), ("num_records", pa.int64()), ("num_documents", pa.int64()), ("num_bytes", pa.int64())]))
HOLDING: Final = scratch(pa.schema([("file", pa.string())]))
# Columns of ``documents`` that are fields of a record.
_OF_RECORD: Final = {
    "kind": "kind", "record_key": "key", "origin": "origin", "url": "url", "license": "license", "created_at": "created_at", "origin_file": "file",
    "origin_codec": "codec", "origin_offset": "offset", "origin_length": "length",
}  # fmt: skip
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


def share_row(source: str, units: list[Unit]) -> dict[str, Any]:
    """A row of UNITS."""
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


@dataclass(frozen=True)
class ReadUnits:
    """Reads each unit of a batch; gives rows in pieces, so that a unit may be larger than memory."""

    sources: Mapping[str, Source]

    def __call__(self, batch: pa.RecordBatch) -> Iterator[dict[str, pa.RecordBatch]]:
        """Documents, quarantine, survivors and a tally of what was met, counted apart from what was made of it."""
        for share in batch.to_pylist():
            rows, read = _Rows(share["source"]), reader_of(self.sources[share["source"]])
            for unit in units_of_share(share):
                for met in read(unit):
                    rows.add(met)
                    if rows.held_bytes >= _FLUSH_BYTES:
                        yield rows.taken()
            yield rows.taken()


class _Rows:
    """What was met of a source, in columns, until it is taken."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._batches: list[pa.RecordBatch] = []
        self._held = _Held(source)
        self._faults: list[dict[str, Any]] = []
        self._skipped: dict[tuple[str, str], tuple[int | None, int | None]] = {}
        self._records = self._num_documents = self._bytes = self.held_bytes = 0
        self._place: tuple[str, int] | None = None
        self._keys_at_place: set[str] = set()

    def add(self, met: Records | Record | Fault | Skipped) -> None:
        if isinstance(met, Skipped):
            self._pass_by(met)
        elif isinstance(met, Records):
            self._flush()
            self._batches.append(_documents(self._source, met))
            self._count(met.columns.num_rows, pc.sum(self._batches[-1].column("num_bytes")).as_py() or 0)
            self._num_documents += met.columns.num_rows
        elif isinstance(met, Record):
            utf8 = met.text.encode()
            if self._is_repeated_in_place(met):
                self._faults.append(_repeat({"source": self._source, "origin_file": met.file, "origin_offset": met.offset, "num_bytes": len(utf8)}))
            else:
                self._held.add(met, utf8)
            self._count(1, len(utf8))
            self._num_documents += 1
        else:
            self._faults.append(_fault(self._source, met))
            self._count(1, met.num_bytes)

    def _count(self, num_records: int, num_bytes: int) -> None:
        self._records += num_records
        self._bytes += num_bytes
        self.held_bytes += num_bytes + num_records * _ROW_BYTES

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

    def _flush(self) -> None:
        if self._held.texts:
            self._batches.append(self._held.batch())
            self._held = _Held(self._source)

    def taken(self) -> dict[str, pa.RecordBatch]:
        self._flush()
        documents = pa.Table.from_batches(self._batches, DOCUMENTS.schema).combine_chunks()
        documents = documents.to_batches()[0] if documents.num_rows else pa.RecordBatch.from_pylist([], schema=DOCUMENTS.schema)
        tally = {"source": self._source, "num_records": self._records, "num_documents": self._num_documents, "num_bytes": self._bytes}
        given = {
            "documents": documents,
            "survivors": documents.select(["doc_id", "num_bytes"]),
            "quarantine": pa.RecordBatch.from_pylist(self._faults, schema=QUARANTINE.schema),
            "skipped": skipped_rows(self._source, [(file, reason, *counts) for (file, reason), counts in self._skipped.items()]),
            "tally": pa.RecordBatch.from_pylist([tally], schema=TALLY),
        }
        self._batches, self._faults, self._skipped = [], [], {}
        self._records = self._num_documents = self._bytes = self.held_bytes = 0
        return given


class _Held:
    """Records that came one by one, whose texts are in UTF-8 already."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._records: list[Record] = []
        self.texts: list[bytes] = []

    def add(self, record: Record, utf8: bytes) -> None:
        self._records.append(record)
        self.texts.append(utf8)

    def batch(self) -> pa.RecordBatch:
        """Rows of ``documents``."""
        own = {name: [getattr(one, field) for one in self._records] for name, field in _OF_RECORD.items()}
        return _table({
            **own, "source": [self._source] * len(self.texts), "text": pa.array(self.texts, pa.binary()).cast(pa.string()),
            "doc_id": [document_id(self._source, key) for key in own["record_key"]], "num_bytes": list(map(len, self.texts)),
            "content_sha256": [hashlib.sha256(utf8).hexdigest() for utf8 in self.texts],
        })  # fmt: skip


def _documents(source: str, records: Records) -> pa.RecordBatch:
    """Rows of ``documents`` of records that came together."""
    given, size = records.columns, records.columns.num_rows
    offsets, data = utf8_buffers(given.column("text"))
    utf8, ends = memoryview(data.data), offsets.tolist()
    of_file = {"origin_file": records.file, "origin_codec": records.codec, "source": source}
    return _table({
        **{name: given.column(field) for name, field in _OF_RECORD.items() if name not in of_file},
        **{name: pa.array([value] * size, pa.string()) for name, value in of_file.items()}, "text": given.column("text"),
        "doc_id": [document_id(source, key) for key in given.column("key").to_pylist()], "num_bytes": pc.binary_length(given.column("text")),
        "content_sha256": [hashlib.sha256(utf8[start:end]).hexdigest() for start, end in pairwise(ends)],
    })  # fmt: skip


def _table(columns: Mapping[str, Any]) -> pa.RecordBatch:
    made = [
        value.cast(field.type) if isinstance(value := columns[field.name], pa.Array) else pa.array(value, field.type) for field in DOCUMENTS.schema
    ]
    return pa.RecordBatch.from_arrays(made, schema=DOCUMENTS.schema)


def _sum(one: int | None, other: int | None) -> int | None:
    return one if other is None else (one or 0) + other


def skipped_rows(source: str, rows: Iterable[tuple[str, str, int | None, int | None]]) -> pa.RecordBatch:
    """Rows of ``skipped`` from file, reason, records and bytes."""
    names = SKIPPED.schema.names
    return pa.RecordBatch.from_pylist([dict(zip(names, (source, *row), strict=True)) for row in rows], schema=SKIPPED.schema)


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
class FindRepeats:
    """The part files that hold a record whose key was taken; a null where a batch's file is not known."""

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """A row for a batch that holds one."""
        file = (batch.schema.metadata or {}).get(FILE)
        rows = [] if pc.all(_is_first(batch)).as_py() else [{"file": None if file is None else file.decode()}]
        return {"holding": pa.RecordBatch.from_pylist(rows, schema=HOLDING)}


def _is_first(batch: pa.RecordBatch) -> pa.Array:
    """Whether each document stands where the first with its key does; beside it is that place, if several have its key."""
    file, offset = (pc.equal(batch.column(f"origin_{name}"), batch.column(f"first_{name}")) for name in ("file", "offset"))
    return pc.fill_null(pc.and_(file, offset), fill_value=True)


@dataclass(frozen=True)
class SetRepeatsAside:
    """Turns records whose key was taken into quarantine rows."""

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Documents and survivors without the repeats, and a quarantine row for each of them."""
        is_kept = _is_first(batch)
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
