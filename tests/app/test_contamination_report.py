"""``assay contamination report``: every number is a query's, and a misspelt benchmark is told."""

from __future__ import annotations

import json

import pytest
from rich.console import Console
from typer.testing import CliRunner

from app.catalog import connect
from app.cli import app
from app.contamination_report import report
from app.queries import answer
from pipelines.contract.errors import ConfigError, InputError


def test_shares_divide_by_what_was_looked_for_and_tiers_are_counted_apart(tiny):
    (row,) = report(tiny).rows["contamination_by_benchmark"]
    assert (row["num_items"], row["num_items_checked"], row["num_items_unchecked"]) == (3, 3, 0)
    assert (row["num_items_met"], row["num_items_exact"], row["num_items_inexact"], row["num_items_semantic"]) == (2, 1, 1, 0)
    assert row["met_ratio"] == pytest.approx(2 / 3)
    assert (row["num_docs_dropped"], row["num_docs_cut"], row["num_docs_flagged"]) == (1, 1, 1)


def test_sides_sources_actions_and_boilerplate_are_told(tiny):
    rows = report(tiny, "rivers").rows
    assert [(r["side"], r["num_items"]) for r in rows["contamination_by_side"]] == [("input only", 1), ("label only", 1)]
    assert {(r["tier"], r["action"], r["reason"]) for r in rows["contamination_actions"]} == {
        ("exact", "cut", None), ("exact", "drop", None), ("inexact", "flag", "inexact"),
    }  # fmt: skip
    assert sum(r["num_docs"] for r in rows["contamination_by_source"]) == 3
    assert [r["most_docs"] for r in rows["boilerplate_by_benchmark"]] == [12]


def test_the_report_fits_a_terminal_and_its_json_holds_no_text(tiny):
    console = Console(width=100, record=True)
    report(tiny).show(console)
    shown = console.export_text()
    assert "Items met in the training text" in shown
    assert "Where it came from" in shown
    assert max(map(len, shown.splitlines())) <= 100
    told = CliRunner().invoke(app, ["contamination", "report", "-w", str(tiny.root), "--json"])
    assert told.exit_code == 0
    assert "brook" not in told.stdout
    assert json.loads(told.stdout)["contamination_by_benchmark"][0]["benchmark"] == "rivers"


def test_a_misspelt_benchmark_and_a_warehouse_without_any_are_one_line(tiny, empty):
    with pytest.raises(ConfigError, match=r"no benchmark 'river' is registered here; did you mean 'rivers'"):
        report(tiny, "river")
    with pytest.raises(InputError, match="no benchmark was looked for here"):
        report(empty)


def test_what_an_older_assay_met_was_met_word_for_word(tiny):
    with connect(tiny) as connection:
        connection.execute("CREATE TEMP TABLE contamination AS SELECT * REPLACE (CAST(NULL AS VARCHAR) AS tier) FROM contamination")
        rows = {name: answer(connection, name).to_pylist()[0] for name in ("contamination_by_benchmark", "contamination_by_source")}
    assert rows["contamination_by_benchmark"]["num_items_semantic"] == 0
    assert all(row["num_items_exact"] > 0 for row in rows.values())
