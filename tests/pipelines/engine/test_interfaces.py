"""What new parts stand on: columns of vectors and bytes, fixed points of any step, samples, and sizes of units."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from bodies import LENGTHS, Halve, Passed
from setups import TEXTS, engine_of, spark, written

from pipelines.contract.columns import check_types
from pipelines.contract.errors import NotFixed, PartError
from pipelines.contract.parts import Table, read_table
from pipelines.engine.iterate import iterate
from pipelines.engine.options import LocalOptions
from pipelines.engine.work import chunks_of, units_of

if TYPE_CHECKING:
    from pathlib import Path

VECTORS = pa.schema([
    ("doc_id", pa.binary()), ("embedding", pa.list_(pa.float32())), ("wide", pa.list_(pa.float64())), ("payload", pa.binary()), ("n", pa.int64()),
])  # fmt: skip
MARKS = pa.schema([("doc_id", pa.binary()), ("mark", pa.string())])
ENGINES = [
    pytest.param("local", LocalOptions(workers=1, partitions=3), id="local"),
    pytest.param("spark", spark(3), id="spark", marks=pytest.mark.spark),
    pytest.param("spark", spark(3, max_side_rows=0), id="spark-joined-side", marks=pytest.mark.spark),
]


def vectors(folder: Path) -> Table:
    """Ids of 16 bytes, some of which end in zeros and differ in nothing else."""
    ids = [i.to_bytes(2, "big") + bytes(13) + bytes([i % 2]) for i in range(60)]
    rows = [
        {"doc_id": key, "embedding": [i / 3, None, -0.0] if i % 5 else None, "wide": [i / 7] * (i % 3), "payload": key[: i % 4], "n": i}
        for i, key in enumerate(ids)
    ]
    return written(folder / "in", "vectors", VECTORS, rows, 500)


@pytest.mark.parametrize(("name", "options"), ENGINES)
def test_vectors_and_binary_ids_pass_through_every_verb_and_hash_alike(name, options, tmp_path: Path) -> None:
    table = vectors(tmp_path)
    before = read_table(table).sort_by("n")
    marks = written(tmp_path / "marks", "marks", MARKS, [{"doc_id": key, "mark": str(n)} for key, n in _some(before)])
    joined = pa.schema([*VECTORS, MARKS.field("mark")])
    engine = engine_of(name, options, tmp_path)
    mapped = engine.map_batches(table, Passed("same"), {"same": VECTORS}, tmp_path / "map")["same"]
    grouped = engine.map_groups(table, Passed("same"), {"same": VECTORS}, tmp_path / "groups", key="doc_id", order=[("n", "ascending")])["same"]
    beside = engine.map_batches(table, Passed("joined"), {"joined": joined}, tmp_path / "join", beside=marks)["joined"]
    queried = engine.query("survivors_without_fates", {"survivors": _lengths(table, tmp_path), "fates": _none()}, _IDS, tmp_path / "query")
    assert [t.content_sha256 for t in (mapped, grouped)] == [table.content_sha256] * 2
    assert read_table(mapped).sort_by("n") == before
    assert [(r["doc_id"], r["mark"]) for r in read_table(beside).sort_by("n").to_pylist()] == [(key, str(n)) for key, n in _some(before)]
    assert queried.content_sha256 == _lengths(table, tmp_path / "again").content_sha256
    engine.close()


_IDS = pa.schema([("doc_id", pa.binary()), ("num_bytes", pa.int64())])


def _some(rows: pa.Table) -> list[tuple[bytes, int]]:
    return [(row["doc_id"], row["n"]) for row in rows.to_pylist() if row["n"] % 3 == 0]


def _lengths(table: Table, folder: Path) -> Table:
    rows = [{"doc_id": row["doc_id"], "num_bytes": row["n"]} for row in read_table(table).to_pylist()]
    return written(folder / "lengths", "survivors", _IDS, rows)


def _none() -> Table:
    return Table(name="fates", schema=pa.schema([("doc_id", pa.binary())]))


@pytest.mark.parametrize("kind", [pa.float32(), pa.int16(), pa.list_(pa.binary()), pa.binary(16), pa.large_string(), pa.list_(pa.bool_())])
def test_a_type_that_an_engine_lacks_is_refused_by_name(kind: pa.DataType) -> None:
    with pytest.raises(PartError, match=re.escape(f"t.x: type {kind} is not one that every engine has")):
        check_types(pa.schema([("x", kind)]), "t")


@pytest.mark.parametrize(("name", "options"), ENGINES[:2])
def test_a_fixed_point_of_a_map_is_found_and_its_bound_is_kept(name, options, tmp_path: Path) -> None:
    engine = engine_of(name, options, tmp_path)
    state = written(tmp_path / "in", "lengths", LENGTHS, [{"doc_id": f"{i}", "length": i, "cuts": [i]} for i in range(8)])

    def halved(table: Table, folder: Path) -> Table:
        return engine.map_batches(table, Halve(), {"lengths": LENGTHS}, folder)["lengths"]

    fixed = iterate(state, halved, tmp_path / "rounds")
    assert {(r["length"], tuple(r["cuts"])) for r in read_table(fixed).to_pylist()} == {(0, (i,)) for i in range(8)}
    with pytest.raises(NotFixed, match=r"^lengths: no fixed point after 1 rounds"):
        iterate(state, halved, tmp_path / "few", max_rounds=1)
    engine.close()


SAMPLERS = [pytest.param("local", LocalOptions(workers=1, partitions=n), id=f"local-{n}") for n in (1, 2, 7, 64)]
SAMPLERS += [pytest.param("spark", spark(n), id=f"spark-{n}", marks=pytest.mark.spark) for n in (1, 2, 7, 64)]


@pytest.mark.parametrize(("name", "options"), SAMPLERS)
def test_a_sample_is_the_same_rows_on_every_engine_and_however_the_table_is_cut(name, options, tmp_path: Path) -> None:
    cut = 100_000 if options.partitions == 1 else 300
    table = written(tmp_path / "in", "texts", TEXTS, [{"doc_id": f"{i:032x}", "text": f"{i}"} for i in range(500)], cut)
    engine = engine_of(name, options, tmp_path)
    drawn = engine.sample(table, tmp_path / "drawn", seed=3, num_rows=10)
    assert drawn.name == "texts"
    assert sorted(int(t) for t in read_table(drawn).column("text").to_pylist()) == [110, 149, 150, 269, 271, 279, 311, 351, 459, 496]
    engine.close()


def test_samples_have_their_size_are_nested_and_follow_the_seed(tmp_path: Path) -> None:
    table = written(tmp_path / "in", "texts", TEXTS, [{"doc_id": f"{i:032x}", "text": f"{i % 100}"} for i in range(1000)])
    engine = engine_of("local", LocalOptions(workers=1), tmp_path)

    def drawn(**how: object) -> set[str]:
        number = len(list(tmp_path.glob("drawn-*")))
        (tmp_path / f"drawn-{number}").mkdir()
        return set(read_table(engine.sample(table, tmp_path / f"drawn-{number}", **how)).column("doc_id").to_pylist())  # type: ignore[arg-type]

    sizes = {n: drawn(seed=1, num_rows=n) for n in (0, 1, 30, 999, 1000, 5000)}
    assert {n: len(rows) for n, rows in sizes.items()} == {0: 0, 1: 1, 30: 30, 999: 999, 1000: 1000, 5000: 1000}
    assert sizes[1] < sizes[30] < sizes[999] < sizes[1000]
    assert drawn(seed=2, num_rows=30) != sizes[30]
    assert drawn(seed=1, fraction=1.0) == sizes[1000]
    assert drawn(seed=1, fraction=0.0) == set()
    assert 60 < len(drawn(seed=1, fraction=0.1)) < 140
    assert len(drawn(seed=1, num_rows=25, by="text")) == 20  # ten rows share a text, and are drawn together


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "give num_rows or fraction, and not both"),
        ({"num_rows": 1, "fraction": 0.5}, "give num_rows or fraction, and not both"),
        ({"num_rows": 100_001}, "num_rows is 100,001 and goes from 0 to 100,000; give a fraction instead"),
        ({"fraction": 1.5}, "fraction is 1.5 and goes from 0 to 1"),
        ({"num_rows": 1, "by": "id"}, "a sample of texts by 'id': there is no such column"),
    ],
)
def test_a_sample_that_cannot_be_is_one_line(how: dict[str, object], said: str, tmp_path: Path) -> None:
    engine = engine_of("local", LocalOptions(workers=1), tmp_path)
    with pytest.raises(PartError, match=said):
        engine.sample(Table(name="texts", schema=TEXTS), tmp_path / "drawn", seed=1, **how)  # type: ignore[arg-type]


def test_units_know_their_sizes_and_chunks_hold_about_the_same_bytes(tmp_path: Path) -> None:
    small = written(tmp_path / "small", "texts", TEXTS, [{"doc_id": f"{i:032x}", "text": "a"} for i in range(300)], 1000)
    large = written(tmp_path / "large", "texts", TEXTS, [{"doc_id": f"{i:032x}", "text": f"{i * 7919 % 9973:x}" * 900} for i in range(40)], 20_000)
    table = Table(name="texts", schema=TEXTS, files=(*small.files, *large.files))
    units = units_of(table)
    assert sum(u.num_rows for u in units) == 340
    assert sum(u.num_bytes for u in units) == sum(f.num_bytes for f in table.files)
    assert len(units) == sum(f.num_row_groups for f in table.files)
    for count in (1, 2, 3, 7, 64):
        chunks = chunks_of(units, count)
        assert [unit for chunk in chunks for unit in chunk] == units
        assert len(chunks) <= count
        assert all(chunks)
        even = sum(u.num_bytes for u in units) / count
        assert max(sum(u.num_bytes for u in chunk) for chunk in chunks) <= even + max(u.num_bytes for u in units)
    assert chunks_of([], 4) == []
