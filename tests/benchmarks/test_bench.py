"""`make bench` compares what arms found by truths that it counts itself, and says what could not run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import comparing, running, table, texts
from benchmarks.__main__ import main
from benchmarks.arms.shingling import shingles_of
from benchmarks.stages import STAGES

WORDS = [f"w{number}" for number in range(12)]


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=9).map(" ".join), max_size=8))
def test_true_pairs_are_all_pairs_that_reach_the_threshold(some):
    sets = [set(shingles_of(text)) for text in some]
    expected = {
        (a, b)
        for b in range(len(some))
        for a in range(b)
        if sets[a] and sets[b] and len(sets[a] & sets[b]) / len(sets[a] | sets[b]) >= comparing.THRESHOLD
    }
    found = comparing.true_pairs.__wrapped__(tuple(some))
    assert {tuple(sorted(pair)) for pair in found} == expected
    assert len(found) == len(expected)


def test_a_removed_text_without_a_near_duplicate_that_stays_costs_precision_and_a_missed_pair_recall():
    near = " ".join(WORDS)
    some = [near, near + " more", "quite another text of some words", "and a third one of other words"]
    right = {"removed": [0], "documents": 4}
    wrong = {"removed": [2], "documents": 4}
    assert comparing.removals(some, right, right).endswith("recall 1.0000 of 1 pairs, precision 1.0000")
    assert comparing.removals(some, right, wrong).endswith("recall 0.0000 of 1 pairs, precision 0.0000")
    assert comparing.removals(some, right, {"removed": [0, 1], "documents": 4}).endswith("recall 1.0000 of 1 pairs, precision 0.0000")


def test_a_prefix_keeps_at_least_one_text():
    assert texts.prefix(["abc", "d"], 1) == ["abc"]
    assert texts.prefix(["abc", "d"], 4) == ["abc", "d"]
    assert texts.prefix([], 4) == []


def test_an_arm_that_fails_or_is_late_is_a_fault_with_its_last_line(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "ARMS", tmp_path)
    texts.write(["one two"], tmp_path / "texts.parquet")
    (tmp_path / "x_fails.py").write_text("raise SystemExit('no such | thing')", encoding="utf-8")
    (tmp_path / "x_waits.py").write_text("import threading; threading.Event().wait()", encoding="utf-8")
    assert running.run_arm("x_fails.py", "", tmp_path / "texts.parquet", 60).fault == "no such / thing"
    assert running.run_arm("x_waits.py", "", tmp_path / "texts.parquet", 0.2).fault == "did not end within 0 s"


def test_a_peer_that_is_not_installed_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "PEERS", tmp_path)
    (tmp_path / "there.failed").write_text("no wheel for this machine\n", encoding="utf-8")
    assert running.missing("there") == "not installed: no wheel for this machine"
    assert running.missing("nowhere") == "not installed: `make bench` does"


def test_the_table_stands_between_the_markers_and_nothing_else_of_the_file_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "RESULTS", tmp_path / "RESULTS.md")
    (tmp_path / "RESULTS.md").write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n", encoding="utf-8")
    table.write("new")
    assert (tmp_path / "RESULTS.md").read_text(encoding="utf-8") == f"before\n{table.BEGIN}\nnew\n{table.END}\nafter\n"


def test_every_arm_is_there_and_every_environment_has_its_requirements():
    arms = [one for stage in STAGES for one in stage.contenders]
    assert {one.script for one in arms if not (running.ARMS / one.script).exists()} == set()
    assert {one.environment for one in arms if one.environment} == {path.stem for path in (running.ROOT / "requirements" / "peers").glob("*.txt")}


def test_a_stage_that_is_not_known_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--only", "signal"])
    assert "no stage is named 'signal'" in capsys.readouterr().err


def test_the_command_measures_compares_and_prints_a_table(tmp_path, capsys):
    texts.write(["A few words that are hashed.", "Some more of them, and then no more."], tmp_path / "texts.parquet")
    assert main(["--only", "unit,hash", "--texts", str(tmp_path / "texts.parquet"), "--rounds", "1"]) == 0
    printed = capsys.readouterr().out
    assert "2 documents" in printed
    assert "| content hash of ids and texts | **assay** |" in printed
    assert "not installed" in printed or "BLAKE2b" in printed
