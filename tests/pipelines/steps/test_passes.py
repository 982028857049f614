"""Passes: steps that share a reading of the text give what they give one by one, and none is done whose pass did not end."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pytest
from tiny_corpus import write_run_file

from app.benchmarks import registration
from app.console import SilentReporter
from app.curation import runner_for
from app.settings import RunFile, load
from pipelines.contract.errors import InputUnreadable, PartError
from pipelines.contract.parts import PartFile, Table, attempts_of, read_table, union
from pipelines.contract.schema import DOCUMENTS, LEDGER, SURVIVORS
from pipelines.contract.schema import TEXTS as TEXTS_SPEC
from pipelines.contract.warehouse import Warehouse
from pipelines.engine.options import LocalOptions
from pipelines.engine.start import make_engine
from pipelines.steps.base import Inputs, Outcome, Pass, Work
from pipelines.steps.passes import Carried, Riding
from pipelines.steps.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.steps.settings import Curation

TEXTS = TEXTS_SPEC.schema
RODE = "clean", "measure", "scrub"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> RunFile:
    return load(write_run_file(tmp_path_factory.mktemp("passes")))


@pytest.fixture(scope="module")
def whole(settings: RunFile) -> tuple[Mapping[str, Any], Warehouse]:
    """A run in one go: everything rides that may."""
    runner, warehouse = runner_for(settings, "local", SilentReporter())
    return runner.run().manifests, warehouse


def contents(manifests: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {(step, name): table.content_sha256 for step, manifest in manifests.items() for name, table in manifest.tables.items() if name != "ledger"}


def test_steps_done_one_by_one_give_the_keys_and_tables_of_steps_that_share_their_reading(whole, tmp_path: Path) -> None:
    apart = load(write_run_file(tmp_path))
    for step in whole[0]:
        manifests = runner_for(apart, "local", SilentReporter())[0].run(until=step).manifests
    assert contents(manifests) == contents(whole[0])
    keys, others = ({step: manifest.key for step, manifest in of.items() if step != "ingest"} for of in (manifests, whole[0]))
    assert keys == others  # the key of ingest speaks of the input's place


def test_a_step_that_rode_has_its_own_books(whole) -> None:
    manifests, warehouse = whole
    for step in RODE:
        row = read_table(warehouse.table(manifests[step], "ledger", LEDGER.schema)).to_pylist()[0]
        assert row["step"] == step
        assert row["cpu_s"] > 0
        assert row["docs_in"] == row["docs_kept"] + row["docs_dropped"] + row["docs_quarantined"] > 0


@dataclass(frozen=True)
class Die:
    """Ends the worker that it is called in, the first time."""

    marker: Path

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        if "0" * 32 in batch.column("doc_id").to_pylist():  # the row that warms up, in the driver
            return {}
        try:
            self.marker.touch(exist_ok=False)
        except FileExistsError:
            return {"seen": batch}
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


class Dies:
    """A step whose pass ends the worker that it rides in."""

    name = "dies"
    after: ClassVar[str] = "measure"
    version = 1

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def is_wanted(self, _config: Curation) -> bool:
        return True

    def params(self, _config: Curation) -> Any:
        return {}

    def parts(self, _config: Curation) -> dict[str, int]:
        return {}

    def reads(self, _config: Curation) -> tuple[tuple[str, str], ...]:
        return (("clean", "texts"), ("clean", "survivors"))

    def outputs(self, _config: Curation) -> dict[str, pa.Schema]:
        return {"seen": pa.schema([("doc_id", pa.string())]), "survivors": SURVIVORS.schema}

    def passes(self, config: Curation) -> tuple[Pass, ...]:
        outputs = {"seen": self.outputs(config)["seen"]}
        return (Pass(name="seen", reads=("clean", "texts"), make=lambda _: Die(self._marker), outputs=outputs, columns=("doc_id",)),)

    def run(self, work: Work) -> Outcome:
        made = work.over(*self.passes(work.config))
        survivors = work.table("clean", "survivors")
        return Outcome(tables={**made, "survivors": survivors}, account=work.unchanged(survivors))


def test_no_step_is_done_whose_pass_did_not_end(whole, tmp_path: Path) -> None:
    apart = load(write_run_file(tmp_path))
    warehouse = Warehouse(apart.warehouse_path())
    start = partial(_engine, apart)
    common = {"engine": start, "engine_name": "local", "reporter": SilentReporter(), "extra": [Dies(tmp_path / "marker")]}
    with pytest.raises(PartError, match="a worker process was ended from outside"):
        Runner(apart.curation, warehouse, registration(apart), **common).run()
    assert list((warehouse.root / "manifests").glob("*/*.json")) == []
    again = Runner(apart.curation, warehouse, registration(apart), **common).run()
    assert again.done_now[0] == "ingest"
    assert again.manifests["dies"].tables["seen"].num_rows == again.manifests["clean"].tables["texts"].num_rows
    assert contents({step: m for step, m in again.manifests.items() if step != "dies"}) == contents(whole[0])


def _engine(settings: RunFile, scratch: Path) -> Any:
    return make_engine("local", LocalOptions(workers=2), settings.spark, scratch)  # with one the pass is in this very process


@pytest.mark.parametrize(("params", "path", "is_taken"), [(1, "one", True), (2, "one", False), (1, "other", False)])
def test_what_rode_counts_only_for_the_rows_that_it_saw_and_the_parameters_that_it_had(params, path, is_taken) -> None:
    class Now:
        name = "clean"

        def params(self, _config: Any) -> int:
            return params

    def table(at: str) -> Table:
        file = PartFile(table="documents", path=at, num_rows=1, num_bytes=1, num_row_groups=1, sha256="", content="0")
        return Table(name="documents", schema=DOCUMENTS.schema, files=(file,))

    its = Pass(name="texts", reads=("ingest", "documents"), make=lambda _: Die(Path()), outputs={}, columns=())
    riding = Riding(None, (Now(),), lambda *_: None, Path)  # type: ignore[arg-type]
    riding.carried["clean", "texts"] = Carried(
        seen=attempts_of(table("one")), tables={"texts": union("texts", map(table, ("one", "two")), TEXTS)}, params=1
    )
    taken = riding.take("clean", its, table(path))
    assert (None if taken is None else taken["texts"].paths) == (["one"] if is_taken else None)  # of the attempts that wrote the host's rows
    assert riding.take("clean", its, table(path)) is None  # once


def test_only_files_that_hold_a_repeated_key_are_written_anew_with_what_rides_on_them(tmp_path: Path) -> None:
    rows = [{"id": f"{i}", "text": f"This is the text of number {i}, and no other text is like it."} for i in range(40)]
    for name, of_file in (("whole", rows), ("holding", [*rows, {**rows[7], "text": "This one comes too late."}])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in of_file), encoding="utf-8")
    sources = "".join(f'[[sources]]\nuse = "jsonl"\nname = "{name}"\npath = "{tmp_path / name}.jsonl"\nkey = "id"\n' for name in ("whole", "holding"))
    rules = "[judge]\npresets = []\n[ingest]\nmax_quarantine_ratio = 0.1\n[local]\nworkers = 1\npartitions = 2\n"
    manifests = {}
    for way, until in (("shared", ["dedup"]), ("apart", ["ingest", "clean", "measure", "judge", "dedup"])):
        run_file = tmp_path / f"{way}.toml"
        run_file.write_text(f'name = "two"\nwarehouse = "{tmp_path / way}"\n{sources}{rules}', encoding="utf-8")
        for step in until:
            manifests[way] = runner_for(load(run_file), "local", SilentReporter())[0].run(until=step).manifests
    assert contents(manifests["shared"]) == contents(manifests["apart"])
    for step, table in (("ingest", "documents"), ("ingest", "survivors"), ("clean", "texts"), ("measure", "signals_c4")):
        found = manifests["shared"][step].tables[table]
        assert (found.num_rows, len(found.files)) == (80, 2)
    assert sorted("setrepeatsaside" in file.path for file in manifests["shared"]["ingest"].tables["documents"].files) == [False, True]


def test_a_file_that_changes_while_a_body_is_made_of_it_is_a_change() -> None:
    content = ["old"]

    class ReadsAFile:
        name = "clean"

        def params(self, _config: Any) -> str:
            return content[0]

        def passes(self, _config: Any) -> tuple[Pass, ...]:
            return (Pass(name="texts", reads=("ingest", "documents"), make=self.make, outputs={}, columns=("doc_id",)),)

        def make(self, _work: Any) -> Die:
            content[0] = "new"
            return Die(Path())

    class Working:
        def warm(self, *_: object) -> None:
            """Nothing is compiled."""

    step = ReadsAFile()
    riding = Riding(None, (step,), lambda *_: Working(), Path)  # type: ignore[arg-type, return-value]
    _, aboard = riding.riders("ingest", {"documents": DOCUMENTS.schema})
    documents = Table(name="documents", schema=DOCUMENTS.schema)
    riding.keep(aboard, {"documents": documents})
    assert riding.take("clean", *step.passes(None), documents) is None


@dataclass(frozen=True)
class Refuses:
    """Raises what a part of somebody else's might."""

    error: Exception

    def __call__(self, _batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        raise self.error


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (ValueError("words of a text"), PartError, r"^Refuses: ValueError at \S+:\d+ \(__call__\); this is a fault of assay$"),
        (FileNotFoundError(2, "No such file or directory", "/lists/names.txt"), InputUnreadable, "^/lists/names.txt: cannot be read: No such file"),
    ],
)
def test_a_body_that_cannot_work_says_in_the_driver_what_it_would_say_in_a_worker(error, kind, said, tmp_path: Path) -> None:
    work = Work(step="clean", config=None, warehouse=None, engine=None, folder=tmp_path, inputs=Inputs(of_steps={}), riding=None)  # type: ignore[arg-type]
    with pytest.raises(kind, match=said):
        work.warm(Refuses(error), TEXTS, ["doc_id", "text"])
