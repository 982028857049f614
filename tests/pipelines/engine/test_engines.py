"""Engines: four verbs, one meaning, whatever the engine and the partitioning."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest
from bodies import GROUPS, LENGTHS, WORDS, Fail, First, Measure
from setups import EDGES, ODD, SIDE, TEXTS, engine_of, spark, written

from pipelines.contract.errors import AssayError, InputError, NotFixed, PartError
from pipelines.contract.parts import Table, read_table
from pipelines.engine.iterate import iterate, queries
from pipelines.engine.options import LocalOptions

if TYPE_CHECKING:
    from pathlib import Path

ENGINES = [
    pytest.param("local", LocalOptions(workers=1, partitions=1), id="local-in-process"),
    pytest.param("local", LocalOptions(workers=2, partitions=7), id="local-7"),
    pytest.param("spark", spark(1), id="spark-1", marks=pytest.mark.spark),
    pytest.param("spark", spark(7), id="spark-7", marks=pytest.mark.spark),
    pytest.param("spark", spark(3, max_side_rows=0), id="spark-joined-side", marks=pytest.mark.spark),
]


@pytest.mark.parametrize(("name", "options"), ENGINES)
def test_every_engine_gives_what_plain_python_gives(name, options, tmp_path: Path, texts: Table, side: Table) -> None:
    engine = engine_of(name, options, tmp_path)
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
    engine = engine_of(name, options, tmp_path)
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
    engine = engine_of(name, options, tmp_path)
    try:
        if name == "local":  # a round costs Spark seconds, and the rounds are the same
            fixed = read_table(iterate(edges, queries(engine, "large_star", "small_star"), tmp_path / "rounds"))
            assert {(r["a"], r["b"]) for r in fixed.to_pylist()} == {(f"{i + 1:03d}", "000") for i in range(60)}
        with pytest.raises(NotFixed, match=r"no fixed point after 1 rounds"):
            iterate(edges, queries(engine, "large_star", "small_star"), tmp_path / "few", max_rounds=1)
    finally:
        engine.close()


@pytest.mark.parametrize(("name", "options"), [ENGINES[0], ENGINES[2]])
def test_empty_tables_are_a_case(name, options, tmp_path: Path) -> None:
    engine = engine_of(name, options, tmp_path)
    empty = Table(name="texts", schema=TEXTS)
    try:
        made = engine.map_batches(empty, Measure(), {"lengths": LENGTHS, "words": WORDS}, tmp_path / "map", beside=Table(name="side", schema=SIDE))
        assert made["lengths"].num_rows == 0
        groups = engine.map_groups(made["lengths"], First(), {"groups": GROUPS}, tmp_path / "g", key="length", order=[("doc_id", "ascending")])
        assert groups["groups"].num_rows == 0
        assert engine.query("large_star", {"edges": Table(name="edges", schema=EDGES)}, EDGES, tmp_path / "q").num_rows == 0
    finally:
        engine.close()


def test_the_driver_reads_no_large_table(tmp_path: Path, texts: Table) -> None:
    engine = engine_of("local", LocalOptions(workers=1), tmp_path)
    with pytest.raises(PartError, match="has 400 rows; the driver reads at most 10"):
        engine.rows(texts, 10)


def test_a_side_with_a_doc_id_twice_is_refused(tmp_path: Path, texts: Table) -> None:
    side = written(tmp_path / ODD / "side", "side", SIDE, [{"doc_id": "a" * 32, "cuts": None}] * 2)
    engine = engine_of("local", LocalOptions(workers=1), tmp_path)
    with pytest.raises(AssayError, match="occurs in it twice"):
        engine.map_batches(texts, Measure(), {"lengths": LENGTHS, "words": WORDS}, tmp_path / "map", beside=side)
