"""The warehouse: put once, read whole, swept clean, held by one."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import threading
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pipelines.contract.errors import CorruptFile, WarehouseBusy, WarehouseError
from pipelines.contract.manifest import Manifest, step_key
from pipelines.contract.parts import PartWriter, read_table, tables_of
from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = pa.schema([("n", pa.int64())])


def publish(warehouse: Warehouse, step: str, numbers: list[int]) -> Manifest:
    with PartWriter(warehouse.attempt(step), {"t": SCHEMA}) as writer:
        writer.write({"t": pa.RecordBatch.from_pylist([{"n": n} for n in numbers], schema=SCHEMA)})
    key = step_key(step, {"numbers": numbers}, {}, {})
    manifest = Manifest(step=step, key=key, params={}, parts={}, inputs={}, tables={})
    return warehouse.publish(manifest, tables_of(writer.files, {"t": SCHEMA}))


def numbers_of(warehouse: Warehouse, manifest: Manifest) -> list[int]:
    return sorted(read_table(warehouse.table(manifest, "t", SCHEMA)).column("n").to_pylist())


def test_a_step_is_done_when_its_manifest_is_there(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    manifest = publish(warehouse, "clean", [1, 2])
    found = warehouse.find("clean", manifest.key)
    assert found is not None
    assert found.content_sha256 == manifest.content_sha256
    assert numbers_of(warehouse, found) == [1, 2]
    assert warehouse.find("clean", "0" * 64) is None


def test_the_first_of_two_writers_counts(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    first, second = publish(warehouse, "clean", [1]), publish(warehouse, "clean", [1])
    assert second.tables["t"].files == first.tables["t"].files


def test_an_older_version_stays_readable_when_a_newer_one_comes(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    old = warehouse.set_version({"clean": publish(warehouse, "clean", [1]).key})
    new = warehouse.set_version({"clean": publish(warehouse, "clean", [2]).key})
    assert (old.number, new.number) == (1, 2)
    assert numbers_of(warehouse, warehouse.manifests(old)["clean"]) == [1]
    assert numbers_of(warehouse, warehouse.manifests()["clean"]) == [2]


def test_publishing_the_same_version_again_is_nothing(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    key = publish(warehouse, "clean", [1]).key
    assert warehouse.set_version({"clean": key}).number == warehouse.set_version({"clean": key}).number == 1


def test_a_step_is_added_only_to_the_version_that_it_was_made_from(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    old, new = (publish(warehouse, "tokenize", [number]).key for number in (1, 2))
    model = publish(warehouse, "train", [3]).key
    warehouse.set_version({"tokenize": old})
    assert warehouse.add_to_version({"train": model}, made_from={"tokenize": old}).steps == {"tokenize": old, "train": model}
    found = warehouse.set_version({"tokenize": new})
    with pytest.raises(WarehouseError, match="train: made from another tokenize than version 3 holds"):
        warehouse.add_to_version({"train": model}, made_from={"tokenize": old})
    assert warehouse.version() == found


def test_a_sweep_takes_what_no_manifest_names_and_nothing_else(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    manifest = publish(warehouse, "clean", [1])
    with PartWriter(warehouse.attempt("clean"), {"t": SCHEMA}) as writer:
        writer.write({"t": pa.RecordBatch.from_pylist([{"n": 9}], schema=SCHEMA)})
    with warehouse.writing():
        assert warehouse.sweep() == 1
        assert warehouse.sweep() == 0
    assert numbers_of(warehouse, manifest) == [1]


def _hold(root: str, held: object, done: object) -> None:
    with Warehouse(root).writing():
        held.set()  # type: ignore[attr-defined]
        done.wait(30)  # type: ignore[attr-defined]


def test_a_second_writer_is_told_who_holds_the_warehouse(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(tmp_path), held, done))
    other.start()
    try:
        assert held.wait(30)
        with pytest.raises(WarehouseBusy, match=f"held by process {other.pid}"), Warehouse(tmp_path).writing():
            pass
    finally:
        done.set()
        other.join()
    with Warehouse(tmp_path).writing():
        pass


def test_readers_that_look_for_a_writer_stop_no_writer(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    with warehouse.writing():
        warehouse.note_run("killed", "started", {"engine": "local", "config_sha256": "x", "code_version": "y"})
    with (tmp_path / "lock").open("r") as other:
        fcntl.flock(other, fcntl.LOCK_SH)  # another reader, at the same instant
        assert [run["state"] for run in warehouse.runs()] == ["killed"]
        letting_go = threading.Timer(0.1, fcntl.flock, (other, fcntl.LOCK_UN))
        letting_go.start()
        with warehouse.writing():
            letting_go.join()


def test_only_the_holders_run_is_running(tmp_path: Path) -> None:
    facts = {"engine": "local", "config_sha256": "x", "code_version": "y"}
    warehouse = Warehouse(tmp_path)

    def states() -> dict[str, str]:
        return {row["run_id"]: row["state"] for row in Warehouse(tmp_path).runs()}

    with warehouse.writing():
        warehouse.note_run("1 killed", "started", facts)
    with warehouse.writing():  # a training, which is no run
        assert states() == {"1 killed": "killed"}
    with warehouse.writing():
        warehouse.note_run("2 a name, run twice", "started", facts)
        assert states() == {"1 killed": "killed", "2 a name, run twice": "running"}
        warehouse.note_run("2 a name, run twice", "ended", {"state": "finished"})
        assert states() == {"1 killed": "killed", "2 a name, run twice": "finished"}
    assert states() == {"1 killed": "killed", "2 a name, run twice": "finished"}


def test_a_place_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WarehouseError, match="Not a directory"), Warehouse(tmp_path / "file" / "warehouse").writing():
        pass


def test_an_object_store_is_refused_by_name() -> None:
    with pytest.raises(WarehouseError, match="s3 is not supported"):
        Warehouse("s3://bucket/warehouse")


def test_a_damaged_manifest_is_one_clear_line(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    manifest = publish(warehouse, "clean", [1])
    path = tmp_path / "manifests" / "clean" / f"{manifest.key}.json"
    path.write_text(path.read_text()[:50])
    with pytest.raises(CorruptFile, match="not a manifest"):
        warehouse.find("clean", manifest.key)


def test_a_manifest_of_a_newer_format_is_refused_and_an_unknown_field_is_not(tmp_path: Path) -> None:
    text = publish(Warehouse(tmp_path), "clean", [1]).to_json()
    assert Manifest.from_json(json.dumps({**json.loads(text), "something": 1}), "m").step == "clean"
    with pytest.raises(CorruptFile, match="newer assay"):
        Manifest.from_json(json.dumps({**json.loads(text), "format": 99}), "m")


class Publishing(RuleBasedStateMachine):
    """Writers that die anywhere, a sweeper, and readers: a reader always sees a whole version, and never an older one than before."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.warehouse = Warehouse(self.folder.name)
        self.expected: list[int] | None = None
        self.highest = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(numbers=st.lists(st.integers(0, 9), min_size=1, max_size=3))
    def publish_whole(self, numbers: list[int]) -> None:
        with self.warehouse.writing():
            manifest = publish(self.warehouse, "step", numbers)
            self.warehouse.set_version({"step": manifest.key})
        self.expected = sorted(numbers)

    @rule(numbers=st.lists(st.integers(0, 9), min_size=1, max_size=3))
    def die_before_the_manifest(self, numbers: list[int]) -> None:
        with self.warehouse.writing(), PartWriter(self.warehouse.attempt("step"), {"t": SCHEMA}) as writer:
            writer.write({"t": pa.RecordBatch.from_pylist([{"n": n} for n in numbers], schema=SCHEMA)})

    @rule(numbers=st.lists(st.integers(0, 9), min_size=1, max_size=3))
    def die_before_the_version(self, numbers: list[int]) -> None:
        with self.warehouse.writing():
            publish(self.warehouse, "step", numbers)

    @rule()
    def sweep(self) -> None:
        with self.warehouse.writing():
            self.warehouse.sweep()

    @invariant()
    def a_reader_sees_the_newest_whole_version(self) -> None:
        version = self.warehouse.version()
        if version is None:
            assert self.expected is None
            return
        assert version.number >= self.highest
        self.highest = version.number
        assert numbers_of(self.warehouse, self.warehouse.manifests(version)["step"]) == self.expected


TestPublishing = Publishing.TestCase
TestPublishing.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
