"""SIGKILL anywhere: a reader sees a whole version, finished steps stay finished, and the result is an undisturbed run's."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from campaign.runs import Reader, contents
from tiny_corpus import documents, write_run_file

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contract.warehouse import Warehouse
from pipelines.steps.ngram_filter import kept_filter

STEPS = ("ingest", "clean", "measure", "judge", "dedup", "split", "register", "decontaminate", "scrub", "tokenize", "publish")
SCRIPT = Path(__file__).parent / "killed_run.py"


def killed_at(run_file: Path, point: str) -> int:
    done = subprocess.run([sys.executable, SCRIPT, run_file, point], start_new_session=True, capture_output=True, check=False)
    return done.returncode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    runner, warehouse = runner_for(load(write_run_file(tmp_path_factory.mktemp("undisturbed"))), "local", SilentReporter())
    runner.run()
    return contents(warehouse)


@pytest.mark.slow
def test_a_kill_in_every_step_changes_nothing_but_the_time(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    old = write_run_file(tmp_path / "old", rows=documents(20, seed=1))
    new = write_run_file(tmp_path / "new")
    new.write_text(new.read_text().replace(str(tmp_path / "new" / "warehouse"), str(tmp_path / "old" / "warehouse")))
    warehouse = Warehouse(tmp_path / "old" / "warehouse")
    runner_for(load(old), "local", SilentReporter())[0].run()
    old_contents = contents(warehouse)
    reader = Reader(warehouse.root)
    reader.start()
    try:
        for number, step in enumerate(STEPS):
            when = ("before", "after", "begin")[number % 3]
            assert killed_at(new, f"{when}:{step}") == -signal.SIGKILL
            assert contents(warehouse) == old_contents
        assert killed_at(new, "before:version") == -signal.SIGKILL
        assert contents(warehouse) == old_contents
        result = runner_for(load(new), "local", SilentReporter())[0].run()
    finally:
        reader.end()
    assert result.done_now == ()  # every step had been finished before one of the kills
    assert contents(warehouse) == undisturbed
    assert reader.failures == []
    assert all(len(corpora) == 1 for corpora in reader.seen.values())
    assert set(reader.seen) <= {1, 2}
    assert 1 in reader.seen
    assert [row["state"] for row in warehouse.runs()].count("killed") == len(STEPS) + 1


@pytest.mark.slow
def test_kills_at_random_times_end_in_the_same_corpus(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    run_file = write_run_file(tmp_path)
    run_file.write_text(run_file.read_text().replace("workers = 1", "workers = 2"))
    random_ = random.Random(11)
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "run", run_file, "--json"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(random_.uniform(2.0, 12.0))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    runner, warehouse = runner_for(load(run_file), "local", SilentReporter())
    runner.run()
    assert contents(warehouse) == undisturbed
    named = {path for m in warehouse.manifests().values() for t in m.tables.values() for path in (f.path for f in t.files)}
    beside = kept_filter(warehouse, warehouse.manifests()["publish"])
    assert beside is not None
    named |= {str(Path(path).relative_to(warehouse.root)) for path in beside.paths}
    attempts = {str(p.relative_to(warehouse.root)) for p in (warehouse.root / "data").glob("*/*")}
    assert attempts <= {"/".join(Path(p).parts[:3]) for p in named} | {
        "/".join(Path(a.path).parts[:3]) for m in warehouse.manifests().values() for a in m.artifacts.values()
    }
