"""Runs that stopped before they published: what they finished can be asked, above all what they set aside."""

from __future__ import annotations

import pytest
import tiny_warehouse
from tiny_corpus import write_run_file
from typer.testing import CliRunner

from app.catalog import catalog, connect
from app.cli import app
from app.queries import run_saved
from app.sql_guard import run_sql
from pipelines.contract.errors import ConfigError, QuarantineExceeded
from pipelines.contract.warehouse import Warehouse


def typed(*arguments):
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A warehouse whose only run set too much aside while it read."""
    folder = tmp_path_factory.mktemp("stopped")
    path = write_run_file(folder)
    spoilt = next(p for p in sorted(folder.rglob("*.jsonl")))
    spoilt.write_text("{broken\n" * 40 + spoilt.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(QuarantineExceeded):
        typed("run", path, "--json")
    return Warehouse(folder / "warehouse")


def test_what_a_run_set_aside_before_it_gave_up_can_be_asked(stopped):
    assert stopped.version() is None
    for rows in (run_sql(stopped, "SELECT step, error FROM quarantine"), connect(stopped).sql("SELECT step, error FROM quarantine").to_arrow_table()):
        assert rows.num_rows >= 40
        assert set(rows.column("step").to_pylist()) == {"ingest"}
    assert run_sql(stopped, "SELECT count(*) AS n FROM texts").column("n").to_pylist() == [0]
    assert run_saved(stopped, "funnel").column("step").to_pylist() == ["ingest"]


def test_a_run_is_named_by_its_id_or_as_the_latest(stopped):
    ((run_id, state),) = connect(stopped).sql("SELECT run_id, state FROM runs").fetchall()
    assert state == "failed"
    for name in (run_id, "latest"):
        assert "41" in typed("sql", "SELECT count(*) AS n FROM quarantine WHERE step = 'ingest'", "--run", name, "-w", stopped.root, "--csv")
        assert "ingest" in typed("sql", "--saved", "funnel", "--run", name, "-w", stopped.root, "--csv")
    with pytest.raises(ConfigError, match=f"--run {run_id[:-1]}: no such run left finished steps; did you mean '{run_id}'"):
        run_sql(stopped, "SELECT 1", run=run_id[:-1])


def test_a_published_version_is_shown_though_a_later_run_failed_and_that_run_on_request(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    ingest = warehouse.version().steps["ingest"]
    warehouse.note_run("20260102-later", "started", {"engine": "local", "config_sha256": "d" * 64, "code_version": "0.1.0"})
    warehouse.note_run("20260102-later", "ended", {"state": "failed", "error": "stopped", "steps": {"ingest": ingest}})
    assert catalog(warehouse).relations["texts"].num_rows == 11
    assert catalog(warehouse, run="latest").relations["texts"].num_rows == 0
    assert catalog(warehouse, run="latest").relations["documents"].num_rows == len(tiny_warehouse.DOCS)


def test_a_run_that_left_nothing_is_said_to_have_left_nothing(tiny, empty):
    for warehouse in (tiny, empty):
        with pytest.raises(ConfigError, match="no such run left finished steps"):
            catalog(warehouse, run="latest")


def test_a_run_whose_tables_are_gone_says_so(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    warehouse.note_run("20260102-later", "started", {"engine": "local", "config_sha256": "d" * 64, "code_version": "0.1.0"})
    warehouse.note_run("20260102-later", "ended", {"state": "failed", "error": "stopped", "steps": {"ingest": "0" * 64}})
    with pytest.raises(ConfigError, match="run 20260102-later: what its step ingest left is gone"):
        catalog(warehouse, run="20260102-later")


def test_raw_goes_with_a_saved_query_too_and_its_use_is_logged(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    typed("sql", "--saved", "funnel", "-w", warehouse.root)
    assert not (warehouse.root / "raw_access.log").exists()
    typed("sql", "--saved", "funnel", "--raw", "-w", warehouse.root)
    assert len((warehouse.root / "raw_access.log").read_text().splitlines()) == 1
