"""Engines: four verbs, one meaning, whatever the engine and the partitioning."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from bodies import GROUPS, LENGTHS, WORDS, Fail, First, Measure

from pipelines.contract.errors import AssayError, InputError, NotFixed, PartError
from pipelines.contract.parts import PartWriter, Table, read_table, tables_of
from pipelines.engine.iterate import iterate
from pipelines.engine.options import LocalOptions, SparkOptions
from pipelines.engine.start import make_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = pa.schema([("doc_id", pa.string()), ("text", pa.string())])
SIDE = pa.schema([("doc_id", pa.string()), ("cuts", pa.list_(pa.int64()))])
EDGES = pa.schema([("a", pa.string()), ("b", pa.string())])
HERE = str(Path(__file__).parent)
ODD = "a [1] {b,c} 100% ?*"  # a folder's name may be a pattern to an engine, and is not meant as one


def spark(partitions: int, max_side_rows: int = 1000) -> SparkOptions:
    conf = {"spark.executorEnv.PYTHONPATH": HERE}
    return SparkOptions(master="local[2]", driver_memory="1g", partitions=partitions, max_side_rows=max_side_rows, conf=conf)


ENGINES = [
    pytest.param("local", LocalOptions(workers=1, partitions=1), id="local-in-process"),
    pytest.param("local", LocalOptions(workers=2, partitions=7), id="local-7"),
    pytest.param("spark", spark(1), id="spark-1", marks=pytest.mark.spark),
    pytest.param("spark", spark(7), id="spark-7", marks=pytest.mark.spark),
    pytest.param("spark", spark(3, max_side_rows=0), id="spark-joined-side", marks=pytest.mark.spark),
]


def written(folder: Path, name: str, schema: pa.Schema, rows: list[dict[str, object]], row_group_bytes: int = 2000) -> Table:
    with PartWriter(folder, {name: schema}, row_group_bytes) as writer:
        writer.write({name: pa.RecordBatch.from_pylist(rows, schema=schema)})
    return tables_of(writer.files, {name: schema})[name]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One JVM for the module: engines that find a session use it and leave it."""
    engine = make_engine("spark", LocalOptions(), spark(1), tmp_path_factory.mktemp("session"))
    yield
    engine.close()


@pytest.fixture(autouse=True)
def _shared_session(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("spark"):
        request.getfixturevalue("session")


@pytest.fixture
def texts(tmp_path: Path) -> Table:
    return written(tmp_path / ODD / "in", "texts", TEXTS, [{"doc_id": f"{i:032x}", "text": "héllo wörld " * (i % 7)} for i in range(400)])


@pytest.fixture
def side(tmp_path: Path) -> Table:
    rows = [{"doc_id": f"{i:032x}", "cuts": [i, i + 1] if i % 2 else None} for i in range(0, 500, 3)]
    return written(tmp_path / ODD / "side", "side", SIDE, rows)


@pytest.mark.parametrize(("name", "options"), ENGINES)
def test_every_engine_gives_what_plain_python_gives(name, options, tmp_path: Path, texts: Table, side: Table) -> None:
    engine = make_engine(name, *_options(name, options), tmp_path / "scratch")
    try:
        made = engine.map_batches(texts, Measure(), {"lengths": LENGTHS, "words": WORDS}, tmp_path / ODD / "map", beside=side)
        groups = engine.map_groups(
            made["lengths"], First(), {"groups": GROUPS}, tmp_path / ODD / "groups", key="length", order=[("doc_id", "descending")]
        )["groups"]
        kept = [i for i in range(400) if i % 3 == 0]
        lengths = {(f"{i:032x}", len("héllo wörld " * (i % 7))) for i in kept}
        assert {(r["doc_id"], r["length"]) for r in engine.rows(made["lengths"]).to_pylist()} == lengths
        assert made["words"].num_rows == sum(2 * (i % 7) for i in kept)
        best: dict[int, list[str]] = {}
        for doc_id, length in lengths:
            best.setdefault(length, []).append(doc_id)
        assert {(r["length"], r["first"], r["count"]) for r in engine.rows(groups).to_pylist()} == {(n, max(d), len(d)) for n, d in best.items()}
    finally:
        engine.close()


@pytest.mark.parametrize(("name", "options"), ENGINES[1:3])
def test_an_error_of_a_worker_arrives_as_it_was_raised_and_without_the_text(name, options, tmp_path: Path, texts: Table) -> None:
    engine = make_engine(name, *_options(name, options), tmp_path / "scratch")
    try:
        with pytest.raises(InputError, match=r"^a\.jsonl: cannot be used; mend it$"):
            engine.map_batches(texts, Fail(is_expected=True), {}, tmp_path / "map")
        with pytest.raises(PartError, match=r"ValueError at .*bodies\.py") as caught:
            engine.map_batches(texts, Fail(is_expected=False), {}, tmp_path / "map2")
        assert "héllo" not in "".join(traceback.format_exception(caught.value))
    finally:
        engine.close()


@pytest.mark.parametrize(("name", "options"), ENGINES[1:3])
def test_a_path_of_many_nodes_becomes_one_star_and_too_few_rounds_are_an_error(name, options, tmp_path: Path) -> None:
    edges = written(tmp_path / "edges", "edges", EDGES, [{"a": f"{i + 1:03d}", "b": f"{i:03d}"} for i in range(60)])
    engine = make_engine(name, *_options(name, options), tmp_path / "scratch")
    try:
        if name == "local":  # a round costs Spark seconds, and the rounds are the same
            fixed = read_table(iterate(engine, edges, ["large_star", "small_star"], tmp_path / "rounds"))
            assert {(r["a"], r["b"]) for r in fixed.to_pylist()} == {(f"{i + 1:03d}", "000") for i in range(60)}
        with pytest.raises(NotFixed, match=r"no fixed point after 1 rounds"):
            iterate(engine, edges, ["large_star", "small_star"], tmp_path / "few", max_rounds=1)
    finally:
        engine.close()


@pytest.mark.parametrize(("name", "options"), [ENGINES[0], ENGINES[2]])
def test_empty_tables_are_a_case(name, options, tmp_path: Path) -> None:
    engine = make_engine(name, *_options(name, options), tmp_path / "scratch")
    empty = Table(name="texts", schema=TEXTS)
    try:
        made = engine.map_batches(empty, Measure(), {"lengths": LENGTHS, "words": WORDS}, tmp_path / "map", beside=Table(name="side", schema=SIDE))
        assert made["lengths"].num_rows == 0
        groups = engine.map_groups(made["lengths"], First(), {"groups": GROUPS}, tmp_path / "g", key="length", order=[("doc_id", "ascending")])
        assert groups["groups"].num_rows == 0
        assert engine.query("star_edges", {"bands": _bands()}, EDGES, tmp_path / "q").num_rows == 0
    finally:
        engine.close()


def test_the_driver_reads_no_large_table(tmp_path: Path, texts: Table) -> None:
    engine = make_engine("local", LocalOptions(workers=1), SparkOptions(), tmp_path / "scratch")
    with pytest.raises(PartError, match="has 400 rows; the driver reads at most 10"):
        engine.rows(texts, 10)


def test_a_side_with_a_doc_id_twice_is_refused(tmp_path: Path, texts: Table) -> None:
    side = written(tmp_path / ODD / "side", "side", SIDE, [{"doc_id": "a" * 32, "cuts": None}] * 2)
    engine = make_engine("local", LocalOptions(workers=1), SparkOptions(), tmp_path / "scratch")
    with pytest.raises(AssayError, match="occurs in it twice"):
        engine.map_batches(texts, Measure(), {"lengths": LENGTHS, "words": WORDS}, tmp_path / "map", beside=side)


def _options(name: str, options: LocalOptions | SparkOptions) -> tuple[LocalOptions, SparkOptions]:
    return (options, SparkOptions()) if name == "local" else (LocalOptions(), options)


def _bands() -> Table:
    return Table(name="bands", schema=pa.schema([("doc_id", pa.string()), ("band", pa.int32()), ("bucket", pa.int64())]))
