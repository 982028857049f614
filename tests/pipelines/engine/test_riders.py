"""Riders: bodies over the rows of a table while it is written give what a map of the finished table gives."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from bodies import LENGTHS, THIRDS, WORDS, Burn, Fail, FailOnce, HandOn, KeepWithSizes, Measure, Passed
from setups import SIDE, TEXTS, engine_of, spark

from pipelines.contract.errors import PartError
from pipelines.engine.base import Rider
from pipelines.engine.options import LocalOptions

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.contract.parts import Table

BOTH = pa.schema([*TEXTS, SIDE.field("cuts")])
ENGINES = [
    pytest.param("local", LocalOptions(workers=1, partitions=1), id="local-in-process"),
    pytest.param("local", LocalOptions(workers=2, partitions=7), id="local-7"),
    pytest.param("spark", spark(7), id="spark-7", marks=pytest.mark.spark),
    pytest.param("spark", spark(3, max_side_rows=0), id="spark-joined-side", marks=pytest.mark.spark),
]


def riders(folder: Path) -> tuple[Rider, ...]:
    """One over what is handed on, and on one of its tables another; and one over the table that the host writes."""
    inner = Rider(name="inner", rides="lengths", schema=LENGTHS, body=Passed("same"), outputs={"same": LENGTHS}, folder=folder / "inner")
    outer = Rider(
        name="outer", rides="on", schema=BOTH, body=Measure(), outputs={"lengths": LENGTHS, "words": WORDS}, folder=folder / "outer", riders=(inner,)
    )
    ids = pa.schema([TEXTS.field("doc_id")])
    other = Rider(name="other", rides="kept", schema=BOTH, body=Passed("ids"), outputs={"ids": ids}, folder=folder / "other", columns=("doc_id",))
    return outer, other


@pytest.mark.parametrize(("name", "options"), ENGINES)
def test_what_rides_gives_what_a_map_of_the_finished_table_gives(name, options, tmp_path: Path, texts: Table, side: Table) -> None:
    engine = engine_of(name, options, tmp_path)
    try:
        made = engine.map_batches(texts, HandOn(), {"kept": BOTH}, tmp_path / "host", beside=side, riders=riders(tmp_path))
        apart = engine.map_batches(made["kept"], Measure(), {"lengths": LENGTHS, "words": WORDS}, tmp_path / "apart")
        assert set(made) == {"kept", "outer/lengths", "outer/words", "inner/same", "other/ids"}
        assert made["outer/words"].content_sha256 == apart["words"].content_sha256
        assert made["outer/lengths"].content_sha256 == made["inner/same"].content_sha256 == apart["lengths"].content_sha256
        assert made["other/ids"].num_rows == made["kept"].num_rows == apart["lengths"].num_rows > 0
        assert all(file.path.startswith(str(tmp_path / "inner" / "same")) for file in made["inner/same"].files)
    finally:
        engine.close()


@pytest.mark.parametrize(("name", "options"), ENGINES)
def test_what_the_host_makes_beside_its_rows_is_seen_as_their_join_would_show_it(name, options, tmp_path: Path, texts: Table) -> None:
    engine = engine_of(name, options, tmp_path)
    rider = Rider(
        name="r",
        rides="kept",
        schema=TEXTS,
        body=Passed("seen"),
        outputs={"seen": THIRDS},
        folder=tmp_path / "r",
        columns=("doc_id",),
        beside=("thirds", THIRDS),
    )
    try:
        made = engine.map_batches(texts, KeepWithSizes(), {"kept": TEXTS, "thirds": THIRDS}, tmp_path / "host", riders=(rider,))
        joined = engine.query("written_beside", {"finals": made["kept"], "written": made["thirds"]}, THIRDS, tmp_path / "joined")
        assert made["r/seen"].content_sha256 == joined.content_sha256
        assert made["r/seen"].num_rows == made["kept"].num_rows > made["thirds"].num_rows > 0
    finally:
        engine.close()


def test_an_error_of_a_rider_names_the_rider(tmp_path: Path, texts: Table, side: Table) -> None:
    engine = engine_of("local", LocalOptions(workers=1), tmp_path)
    rider = Rider(name="fails", rides="kept", schema=BOTH, body=Fail(is_expected=False), outputs={}, folder=tmp_path / "fails")
    with pytest.raises(PartError, match=r"^Fail: ValueError at .*bodies\.py"):
        engine.map_batches(texts, Passed("kept"), {"kept": BOTH}, tmp_path / "host", beside=side, riders=(rider,))


def test_a_worker_killed_by_what_rides_leaves_no_table_of_anybody(tmp_path: Path, texts: Table, side: Table) -> None:
    engine = engine_of("local", LocalOptions(workers=2, partitions=2), tmp_path)
    body = FailOnce(how="killed", marker=tmp_path / "marker")
    rider = Rider(name="dies", rides="kept", schema=BOTH, body=body, outputs={"words": WORDS}, folder=tmp_path / "dies")
    try:
        with pytest.raises(PartError, match="a worker process was ended from outside"):
            engine.map_batches(texts, Passed("kept"), {"kept": BOTH}, tmp_path / "host", beside=side, riders=(rider,))
        made = engine.map_batches(texts, Passed("kept"), {"kept": BOTH}, tmp_path / "again", beside=side, riders=(rider,))
        assert made["dies/words"].num_rows == made["kept"].num_rows == 134
    finally:
        engine.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_time_of_what_rides_is_told_apart_from_its_hosts(workers, tmp_path: Path, texts: Table, side: Table) -> None:
    engine = engine_of("local", LocalOptions(workers=workers, partitions=2), tmp_path)
    inner = Rider(name="inner", rides="same", schema=BOTH, body=Passed("same"), outputs={"same": BOTH}, folder=tmp_path / "inner")
    outer = Rider(name="outer", rides="kept", schema=BOTH, body=Passed("same"), outputs={"same": BOTH}, folder=tmp_path / "outer", riders=(inner,))
    burns = Rider(name="burns", rides="kept", schema=BOTH, body=Burn(seconds=0.2), outputs={}, folder=tmp_path / "burns")
    try:
        engine.map_batches(texts, Passed("kept"), {"kept": BOTH}, tmp_path / "host", beside=side, riders=(outer, burns))
        seconds = engine.riders_cpu_s()
        assert set(seconds) == {"inner", "outer", "burns"}
        assert seconds["burns"] >= 0.2 > seconds["outer"] + seconds["inner"]
    finally:
        engine.close()


def test_what_workers_used_is_counted_once_when_they_rest(tmp_path: Path, texts: Table) -> None:
    def used() -> float:
        return engine.cpu_s() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime

    engine = engine_of("local", LocalOptions(workers=2, partitions=2), tmp_path)
    before = used()
    try:
        engine.map_batches(texts, Burn(seconds=0.5), {}, tmp_path / "burnt")
        working = used() - before
        engine.rest()
        assert working >= 1.0
        assert used() - before < 2 * working
        assert engine.map_batches(texts, Passed("same"), {"same": TEXTS}, tmp_path / "again")["same"].num_rows == texts.num_rows
    finally:
        engine.close()
