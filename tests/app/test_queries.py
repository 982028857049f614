"""Saved queries: their columns are those of their headers, their numbers those of the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_warehouse

from app.queries import as_markdown, parse, run_saved, saved
from pipelines.contract.errors import ConfigError

DOCS = Path(__file__).resolve().parents[2] / "docs" / "queries.md"
TYPES = {
    "boilerplate_by_benchmark": "string int64 int64 int64",
    "contamination_actions": "string string string string int64 int64 int64",
    "contamination_by_benchmark": "string int64 int64 int64 int64 double int64 int64 int64 int64 int64 int64 int64 double",
    "contamination_by_side": "string string int64 int64",
    "contamination_by_source": "string string string int64 int64 int64",
    "drops": "string string string double int64 int64 double",
    "duplicate_clusters": "string int64 int64 int64 int64 double",
    "fates_by_source": "string string int64 int64 double",
    "funnel": "string string int64 int64 int64 int64 double int64 int64",
    "ledger_balance": "string int64 int64 bool",
    "loss_curve": "string int64 string double int64 int64 double",
    "pii_by_entity": "string string int64 int64 int64 double",
    "pii_passed_over_by_rule": "string string int64 int64",
    "scores": "string string string string double double double double int64 string",
    "what_if": "string int64 int64 double int64",
}


def test_there_is_a_snapshot_for_every_query():
    assert set(TYPES) == set(saved())


@pytest.mark.parametrize("name", sorted(TYPES))
def test_columns_are_those_of_the_header_on_a_full_and_on_an_empty_warehouse(tiny, empty, name):
    for warehouse in (tiny, empty):
        rows = run_saved(warehouse, name)
        assert rows.column_names == list(saved()[name].columns)
        assert " ".join(map(str, rows.schema.types)) == TYPES[name]
    assert run_saved(tiny, name).num_rows > 0


def test_the_funnel_is_the_ledger_in_the_order_of_the_steps(tiny):
    rows = run_saved(tiny, "funnel").to_pylist()
    assert [r["step"] for r in rows] == list(tiny_warehouse.STEPS)
    for row in rows:
        assert row["docs_in"] == len(tiny_warehouse.alive_before(row["step"]))
        assert row["docs_kept"] == len(tiny_warehouse.alive_after(row["step"]))


def test_a_balanced_ledger_has_no_gap(tiny):
    rows = run_saved(tiny, "ledger_balance").to_pylist()
    assert all(r["is_balanced"] and r["docs_gap"] == r["bytes_gap"] == 0 for r in rows)


def test_a_document_that_broke_two_rules_is_counted_under_both_and_alone_under_none(tiny):
    rows = {r["rule"]: r for r in run_saved(tiny, "drops").to_pylist()}
    assert (rows["gopher.word_count_min"]["num_docs"], rows["gopher.word_count_min"]["num_docs_alone"]) == (2, 1)
    assert (rows["gopher.hash_ratio_max"]["num_docs"], rows["gopher.hash_ratio_max"]["num_docs_alone"]) == (1, 0)


def test_the_shares_of_a_source_add_up_to_one(tiny):
    shares: dict[str, float] = {}
    for row in run_saved(tiny, "fates_by_source").to_pylist():
        shares[row["source"]] = shares.get(row["source"], 0) + row["share"]
    assert all(abs(share - 1) < 1e-9 for share in shares.values())


def test_a_document_at_the_bound_is_not_below_it(tiny):
    counts = sorted(len(d.text.split()) for d in tiny_warehouse.alive_after("measure"))
    row = run_saved(tiny, "what_if", {"family": "lengths", "signal": "word_count", "bound": float(counts[3])}).to_pylist()[0]
    assert (row["source"], row["num_docs"], row["num_below"]) == ("all", len(counts), sum(c < counts[3] for c in counts))


def test_a_signal_that_was_never_measured_counts_nothing(tiny):
    assert run_saved(tiny, "what_if", {"family": "gopher_quality", "signal": "no_such"}).to_pylist()[0]["num_docs"] == 0


@pytest.mark.parametrize(
    ("name", "params", "said"),
    [
        ("funel", {}, "did you mean 'funnel'"),
        ("what_if", {"signl": "x"}, "did you mean 'signal'"),
        ("what_if", {"bound": "fifty"}, "the parameter bound is float, got str"),
    ],
)
def test_a_misspelt_query_or_parameter_gets_a_suggestion(empty, name, params, said):
    with pytest.raises(ConfigError, match=said):
        run_saved(empty, name, params)


def test_a_header_line_that_says_nothing_known_is_an_error():
    with pytest.raises(ConfigError, match="not understood"):
        parse("x", "-- question: a?\n-- gain: b\nSELECT 1")


def test_the_page_of_queries_is_made_from_their_headers():
    assert DOCS.read_text(encoding="utf-8") == as_markdown()


@pytest.mark.parametrize(("name", "count"), [("pii_by_entity", "num_spans"), ("pii_passed_over_by_rule", "num_places")])
def test_a_group_of_few_documents_is_listed_without_numbers_where_that_is_asked_for(tiny, name, count):
    (open_to_all,) = run_saved(tiny, name).to_pylist()
    (suppressed,) = run_saved(tiny, name, {"min_group": 5}).to_pylist()
    assert (open_to_all[count], open_to_all["num_docs"]) == (1, 1)
    assert (suppressed["entity"], suppressed[count], suppressed["num_docs"]) == (open_to_all["entity"], None, None)
