"""What a worker does of ingest, against rows that are made one by one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.schema import DOCUMENTS
from pipelines.sources.base import RECORDS, Fault, Record, Records, Skipped, Unit
from pipelines.steps import reading
from pipelines.steps.reading import UNITS, ReadUnits, document_id, share_row

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIONAL = st.sampled_from([None, "", "a", "\u6771\u4eac"])
MET = st.one_of(
    st.builds(
        Record, key=st.sampled_from(["k", "l", "m"]), text=st.sampled_from(["", "one", "\u00e9\u6771", "x" * 300]), kind=st.just("page"),
        origin=st.sampled_from(["o", "p"]), file=st.just("f"), codec=st.just("plain"), offset=st.integers(0, 3), length=st.sampled_from([None, 5]),
        url=OPTIONAL, license=OPTIONAL, created_at=st.sampled_from([None, datetime(2020, 1, 2, 3, 4, 5, 678, UTC)]),
    ),
    st.builds(Fault,
        file=st.just("f"), error=st.just("broken"), message=st.just("m"), offset=st.sampled_from([None, 3]), num_bytes=st.integers(0, 9)),
    st.builds(Skipped, file=st.just("f"), reason=st.sampled_from(["r", "s"]), num_records=st.integers(0, 3), num_bytes=st.sampled_from([None, 4])),
)  # fmt: skip


@dataclass(frozen=True)
class Given:
    """A source that gives what it is told, the first so many in columns."""

    met: tuple[Record | Fault | Skipped, ...]
    version: int = 1

    def read(self, unit: Unit) -> Iterator[Record | Fault | Skipped]:  # noqa: ARG002
        yield from self.met


@dataclass(frozen=True)
class InColumns(Given):
    def read_columns(self, unit: Unit) -> Iterator[Records | Record | Fault | Skipped]:  # noqa: ARG002
        for number, one in enumerate(self.met):
            if isinstance(one, Record) and number % 3:
                row = {name: getattr(one, name) for name in RECORDS.names}
                yield Records(columns=pa.RecordBatch.from_pylist([row], schema=RECORDS), file=one.file, codec=one.codec)
            else:
                yield one


def plain_row(one):
    utf8 = one.text.encode()
    return {
        "doc_id": document_id("s", one.key), "source": "s", "kind": one.kind, "record_key": one.key, "origin": one.origin, "url": one.url,
        "license": one.license, "created_at": one.created_at, "text": one.text, "num_bytes": len(utf8),
        "content_sha256": hashlib.sha256(utf8).hexdigest(), "origin_file": one.file, "origin_codec": one.codec, "origin_offset": one.offset,
        "origin_length": one.length,
    }  # fmt: skip


def read(source):
    share = pa.RecordBatch.from_pylist([share_row("s", [Unit(name="f")])], schema=UNITS)
    given = list(ReadUnits({"s": source})(share))
    return {name: pa.Table.from_batches([one[name] for one in given]) for name in given[0]}


@given(met=st.lists(MET, max_size=12))
@settings(max_examples=100)
def test_documents_are_what_they_are_when_rows_are_made_one_by_one(met):
    found, known = read(Given(tuple(met))), set[tuple[int, str]]()
    first, place = [], None
    for one in met:
        if isinstance(one, Record):
            known = set() if one.offset != place else known
            place = one.offset
            first += [] if one.key in known else [one]
            known.add(one.key)
    assert found["documents"] == pa.Table.from_pylist(list(map(plain_row, first)), schema=DOCUMENTS.schema)
    assert found["survivors"] == found["documents"].select(["doc_id", "num_bytes"])
    records = [one for one in met if not isinstance(one, Skipped)]
    sizes = [one.num_bytes if isinstance(one, Fault) else len(one.text.encode()) for one in records]
    [tally] = found["tally"].to_pylist()
    assert (tally["num_records"], tally["num_bytes"]) == (len(records), sum(sizes))
    assert found["quarantine"].num_rows == len(records) - len(first)


@given(met=st.lists(MET, max_size=12))
@settings(max_examples=100)
def test_records_that_come_together_are_what_they_are_alone(met):
    apart = [replace(one, offset=number) if isinstance(one, Record) else one for number, one in enumerate(met)]
    assert read(InColumns(tuple(apart))) == read(Given(tuple(apart)))
    assert [
        one for records in InColumns(tuple(apart)).read_columns(Unit(name="f")) if isinstance(records, Records) for one in records.one_by_one()
    ] == [one for number, one in enumerate(apart) if isinstance(one, Record) and number % 3]


def test_what_is_held_is_given_on_in_pieces_and_in_order(monkeypatch):
    monkeypatch.setattr(reading, "_FLUSH_BYTES", 2000)
    records = [Record(key=str(n), text="x" * 100, kind="page", origin="o", file="f", codec="plain", offset=n) for n in range(50)]
    share = pa.RecordBatch.from_pylist([share_row("s", [Unit(name="f")])], schema=UNITS)
    given = [one["documents"] for one in ReadUnits({"s": InColumns(tuple(records))})(share)]
    assert len(given) > 5
    assert pa.Table.from_batches(given)["record_key"].to_pylist() == [str(n) for n in range(50)]
