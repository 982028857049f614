"""A list of domains decides: its bytes are in the key, not its path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contract.errors import ConfigError, InputError
from pipelines.contract.parts import read_table
from pipelines.contract.schema import FATES
from pipelines.engine.local import LocalEngine

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.contract.parts import Table
    from pipelines.engine.base import Body


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    rows = [{"id": host, "text": "The river runs to the sea.", "url": f"https://www.{host}/page"} for host in ("good.example", "bad.example")]
    (tmp_path / "pages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "blocked.txt").write_text("bad.example\n", encoding="utf-8")
    (tmp_path / "run.toml").write_text(
        f"""
name = "pages"
warehouse = "{tmp_path / "warehouse"}"
[[sources]]
use = "jsonl"
name = "pages"
path = "{tmp_path / "pages.jsonl"}"
key = "id"
url = "url"
[measure]
families = [{{use = "listed_domains", file = "{tmp_path / "blocked.txt"}"}}]
[judge]
presets = ["listed_domains"]
[local]
workers = 1
""",
        encoding="utf-8",
    )
    return tmp_path / "run.toml"


def judged(run_file: Path) -> tuple[tuple[str, ...], list[str]]:
    """The steps that had to be done, and why documents were dropped."""
    runner, warehouse = runner_for(load(run_file), "local", SilentReporter())
    result = runner.run("judge")
    return result.done_now, read_table(warehouse.table(result.manifests["judge"], "fates", FATES.schema))["reason"].to_pylist()


def test_other_bytes_at_the_same_path_are_measured_anew_and_the_same_bytes_are_not(run_file: Path) -> None:
    assert judged(run_file) == (("ingest", "clean", "measure", "judge"), ["listed_domain"])
    (run_file.parent / "blocked.txt").touch()
    assert judged(run_file) == ((), ["listed_domain"])
    (run_file.parent / "blocked.txt").write_text("bad.example\ngood.example\n", encoding="utf-8")
    assert judged(run_file) == (("measure", "judge"), ["listed_domain", "listed_domain"])


def test_a_list_that_is_not_there_is_an_error_before_any_work(run_file: Path) -> None:
    (run_file.parent / "blocked.txt").unlink()
    with pytest.raises(ConfigError, match=r"blocked.txt' cannot be read \(No such file"):
        judged(run_file)
    assert not list(run_file.parent.glob("warehouse/manifests/*/*"))


def test_a_list_that_changes_while_its_pass_rides_is_read_anew(run_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, blocked = LocalEngine.map_batches, run_file.parent / "blocked.txt"

    def meddling(engine: LocalEngine, table: Table, job: Body, *given: object, **options: object) -> dict[str, Table]:
        if type(job).__name__ == "ReadUnits":
            blocked.write_text("good.example\nbad.example\n", encoding="utf-8")
        return real(engine, table, job, *given, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(LocalEngine, "map_batches", meddling)
        assert judged(run_file) == (("ingest", "clean", "measure", "judge"), ["listed_domain", "listed_domain"])
    assert judged(run_file)[0] == ()


def test_a_list_that_changes_while_it_is_read_ends_the_step_and_nothing_is_done_under_the_old_key(
    run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner_for(load(run_file), "local", SilentReporter())[0].run("clean")  # so that measure reads for itself
    real, blocked = LocalEngine.map_batches, run_file.parent / "blocked.txt"

    def meddling(engine: LocalEngine, table: Table, job: Body, *given: object, **options: object) -> dict[str, Table]:
        if type(job).__name__ == "MeasureTexts":
            blocked.write_text("good.example\n", encoding="utf-8")
        return real(engine, table, job, *given, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(LocalEngine, "map_batches", meddling)
        with pytest.raises(InputError, match="pages: measure: a file that decides its result changed while it was read; nothing was published"):
            judged(run_file)
    assert judged(run_file) == (("measure", "judge"), ["listed_domain"])
    blocked.write_text("bad.example\n", encoding="utf-8")
    assert judged(run_file)[0] == ("measure", "judge")
