"""Engines when something breaks: a disk, a page, a worker, the JVM. One line that says what to do, or nothing at all and the right rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bodies import GROUPS, LENGTHS, WORDS, Burn, FailOnce, First, Measure, Open
from setups import EDGES, HERE, engine_of, spark, written

from pipelines.contract.errors import AssayError, CorruptFile, InputUnreadable, PartError, WarehouseError
from pipelines.engine.options import LocalOptions

if TYPE_CHECKING:
    from pipelines.contract.parts import Table
    from pipelines.engine.base import Engine

LOCAL = pytest.param("local", LocalOptions(workers=2, partitions=2), id="local")
SPARK = pytest.param("spark", spark(1), id="spark", marks=pytest.mark.spark)
PLACES = [
    pytest.param(engine, verb, id=f"{engine[0]}-{verb}", marks=[pytest.mark.spark] if engine[0] == "spark" else [])
    for engine in [("local", LocalOptions(workers=1, partitions=1)), ("spark", spark(1))]
    for verb in ["map", "side", "groups", "query"]
] + [pytest.param(("spark", spark(1, max_side_rows=0)), "side", id="spark-joined-side", marks=[pytest.mark.spark])]


def flipped(table: Table) -> Table:
    """The table, with a bit changed in a data page of each file."""
    for path in map(Path, table.paths):
        data = bytearray(path.read_bytes())
        data[len(data) // 3] ^= 16
        path.write_bytes(data)
    return table


@pytest.mark.spark
@pytest.mark.parametrize("how", ["failed", "killed"])
def test_a_task_that_fails_of_its_disk_or_is_killed_is_done_again_and_its_orphans_are_not_counted(how: str, tmp_path: Path, texts: Table) -> None:
    engine = engine_of("spark", spark(1), tmp_path)
    made = engine.map_batches(texts, FailOnce(how=how, marker=tmp_path / "marker"), {"words": WORDS}, tmp_path / "map")["words"]
    assert made.num_rows == texts.num_rows
    assert sorted(r["doc_id"] for r in engine.rows(made).to_pylist()) == [f"{i:032x}" for i in range(400)]
    assert len(list((tmp_path / "map" / "words").iterdir())) > len(made.files)


@pytest.mark.parametrize(("name", "options"), [LOCAL, SPARK])
def test_a_disk_that_stays_full_is_one_line(name, options, tmp_path: Path, texts: Table) -> None:
    engine = engine_of(name, options, tmp_path)
    try:
        with pytest.raises(WarehouseError, match="the disk is full; nothing published was touched") as caught:
            engine.map_batches(texts, FailOnce(how="always", marker=tmp_path / "marker"), {"words": WORDS}, tmp_path / "map")
        assert "secret-word" not in str(caught.value)
        assert "\n" not in str(caught.value)
    finally:
        engine.close()


@pytest.mark.parametrize(("engine_and_options", "verb"), PLACES)
def test_a_flipped_bit_is_found_by_every_verb(engine_and_options, verb: str, tmp_path: Path, texts: Table, side: Table) -> None:
    engine = engine_of(*engine_and_options, tmp_path)
    try:
        with pytest.raises(CorruptFile, match="assay verify") as caught:
            _done(engine, verb, texts, side, tmp_path)
        assert "\n" not in str(caught.value)
    finally:
        engine.close()


def _done(engine: Engine, verb: str, texts: Table, side: Table, folder: Path) -> None:
    outputs = {"lengths": LENGTHS, "words": WORDS}
    if verb == "map":
        engine.map_batches(flipped(texts), Measure(), outputs, folder / "out", beside=side)
    if verb == "side":
        engine.map_batches(texts, Measure(), outputs, folder / "out", beside=flipped(side))
    if verb == "groups":
        lengths = written(folder / "lengths", "lengths", LENGTHS, [{"doc_id": f"{i:032x}", "length": i * 7919, "cuts": None} for i in range(300)])
        engine.map_groups(flipped(lengths), First(), {"groups": GROUPS}, folder / "out", key="length", order=[("doc_id", "ascending")])
    if verb == "query":
        edges = written(folder / "edges", "edges", EDGES, [{"a": f"{i * 7919 + 1}", "b": f"{i * 7919}"} for i in range(600)])
        engine.query("large_star", {"edges": flipped(edges)}, EDGES, folder / "out")


def test_a_file_that_is_gone_is_one_line(tmp_path: Path) -> None:
    edges = written(tmp_path / "edges", "edges", EDGES, [{"a": "2", "b": "1"}])
    Path(edges.paths[0]).unlink()
    with pytest.raises(CorruptFile, match="assay verify"):
        engine_of("local", LocalOptions(workers=1), tmp_path).query("large_star", {"edges": edges}, EDGES, tmp_path / "out")


@pytest.mark.parametrize(("name", "options"), [LOCAL, SPARK])
def test_a_file_of_the_input_that_cannot_be_read_is_named_and_no_fault_of_the_warehouse(name, options, tmp_path: Path, texts: Table) -> None:
    engine = engine_of(name, options, tmp_path)
    with pytest.raises(InputUnreadable, match=r"gone\.jsonl: cannot be read: No such file or directory; mend it"):
        engine.map_batches(texts, Open(tmp_path / "gone.jsonl"), {}, tmp_path / "map")
    engine.close()


FULL = """
import resource, signal, sys
from pathlib import Path
from bodies import GROUPS, First
from pipelines.contract.errors import AssayError
from pipelines.contract.parts import PartWriter, Table, tables_of
from pipelines.engine.options import LocalOptions
from setups import EDGES, TEXTS, engine_of, written
import pyarrow as pa
folder, verb = Path(sys.argv[1]), sys.argv[2]
texts = written(folder / "in", "texts", TEXTS, [{"doc_id": f"{i * 7919 % 60_000:032x}", "text": "x" * 1200} for i in range(60_000)], 1 << 22)
edges = written(folder / "in", "edges", EDGES, [{"a": f"{i * 7919 + 1}", "b": f"{i}"} for i in range(12_000)])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
engine = engine_of("local", LocalOptions(workers=1, partitions=1, memory=sys.argv[3]), folder)
try:
    if verb == "query":
        engine.query("large_star", {"edges": edges}, EDGES, folder / "out")
    if verb == "groups":
        engine.map_groups(texts, First(), {"groups": GROUPS}, folder / "out", key="text", order=[("doc_id", "ascending")])
    if verb == "driver":
        with PartWriter(folder / "out", {"edges": EDGES}) as writer:
            writer.write({"edges": pa.Table.from_pylist([{"a": str(i ** 3), "b": str(i)} for i in range(9000)], schema=EDGES)})
except AssayError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("verb", "memory", "said"),
    [
        ("query", "1GB", "WarehouseError .*out: File too large"),
        ("driver", "1GB", "WarehouseError .*out: File too large"),
        ("groups", "60MB", "WarehouseError .*spill: DuckDB cannot spill there for the groups of texts; is the disk full?"),
        ("groups", "4MB", "PartError the groups of texts: DuckDB ran out of its memory limit of 4MB; raise memory"),
    ],
)
def test_no_room_on_disk_or_in_memory_is_one_line_of_every_verb(verb: str, memory: str, said: str, tmp_path: Path) -> None:
    # A limit on the size of files stands in for a full disk: the same write fails, with the errno EFBIG in the place of ENOSPC.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([HERE, os.environ.get("PYTHONPATH", str(Path(HERE).parents[2]))])}
    done = subprocess.run([sys.executable, "-c", FULL, tmp_path, verb, memory], capture_output=True, text=True, check=False, env=environment)
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    assert re.match(said, line), line


JAVA = """
import sys
from pathlib import Path
from bodies import KillJava, LENGTHS
from pipelines.contract.errors import AssayError
from setups import TEXTS, engine_of, spark, written
folder = Path(sys.argv[1])
texts = written(folder / "in", "texts", TEXTS, [{"doc_id": "a", "text": "b"}])
engine = engine_of("spark", spark(1), folder)
pid = engine._session.sparkContext._gateway.proc.pid
print("begun", file=sys.stderr, flush=True)
try:
    engine.map_batches(texts, KillJava(pid), {"lengths": LENGTHS}, folder / "out")
except AssayError as error:
    print(error, file=sys.stderr)
engine.close()
"""


@pytest.mark.spark
@pytest.mark.slow
def test_a_java_process_that_is_killed_is_one_line(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([HERE, os.environ.get("PYTHONPATH", str(Path(HERE).parents[2]))])}
    done = subprocess.run([sys.executable, "-c", JAVA, tmp_path], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    said = done.stderr.split("begun\n", 1)[1]
    assert said == "Spark's Java process is gone (killed, or out of memory?); run the same command again, with less work at a time or more memory\n"


@pytest.mark.parametrize(("name", "options"), [LOCAL, SPARK])
def test_workers_that_live_on_are_counted_in_the_use_of_the_processor(name, options, tmp_path: Path, texts: Table) -> None:
    engine = engine_of(name, options, tmp_path)
    try:
        before = engine.cpu_s()
        engine.map_batches(texts, Burn(seconds=0.05), {}, tmp_path / "map")
        assert engine.cpu_s() - before >= 0.05
        assert engine.peak_rss_bytes() > 10_000_000
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("message", "kind", "said"),
    [
        ("java.io.IOException: No space left on device secret-word", WarehouseError, "Spark has no room for its shuffles"),
        ("could not verify page integrity, CRC checksum verification failed secret-word", CorruptFile, "run `assay verify`"),
        ("Invalid cast: secret-word", PartError, "x.sql: Spark failed with PySparkException; its log above says more"),
    ],
)
def test_what_spark_says_in_pages_is_one_line_without_a_value(message: str, kind: type[AssayError], said: str) -> None:
    from pyspark.errors import PySparkException

    from pipelines.engine.spark import _spoken

    with pytest.raises(kind, match=said) as caught, _spoken("x.sql"):
        raise PySparkException(message)
    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize(
    ("master", "given"),
    [("local", "local[1,4]"), ("local[*]", "local[*,4]"), ("local[3]", "local[3,4]"), ("local[3,2]", "local[3,2]"), ("yarn", "yarn")],
)
def test_a_task_on_this_machine_is_tried_as_often_as_on_a_cluster(master: str, given: str) -> None:
    from pipelines.engine.spark import _retried

    assert _retried(master, "4") == given
