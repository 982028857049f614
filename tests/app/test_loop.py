"""The loop from the command line on a corpus that the test makes: curate, train, evaluate, ask, look back, undo."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import datasets
import pytest
from loop import asked, typed
from tiny_corpus import write_run_file

from pipelines.contract.errors import ConfigError, CorruptFile, InputError
from pipelines.contract.warehouse import Warehouse


def test_every_document_has_one_fate_and_every_drop_a_reason(warehouse: Path) -> None:
    (counts,) = asked(
        warehouse,
        "select (select count(*) from fates) as fates, (select count(distinct doc_id) from fates) as ids,"
        " (select count(*) from documents) as documents, (select count(*) from fates where fate <> 'kept' and reason is null) as unexplained",
    )
    assert counts["fates"] == counts["ids"] == counts["documents"] > 100
    assert counts["unexplained"] == 0


def test_every_row_of_the_ledger_balances(warehouse: Path) -> None:
    rows = asked(warehouse, "select * from ledger")
    assert len(rows) == 11
    for row in rows:
        assert row["docs_in"] == row["docs_kept"] + row["docs_dropped"] + row["docs_quarantined"]
        went = row["bytes_kept"] + row["bytes_cut"] + row["bytes_dropped"] + row["bytes_quarantined"]
        assert row["bytes_in"] + row["bytes_added"] == went


def test_scores_have_intervals_and_the_subsets_add_up(warehouse: Path) -> None:
    scores = asked(warehouse, "select * from scores")
    assert {s["task"] for s in scores} == {"bits_per_byte", "cloze", "humaneval", "gsm8k"}
    assert all(s["ci_low"] <= s["value"] <= s["ci_high"] for s in scores if s["ci_low"] is not None)
    for task, metric in {(s["task"], s["metric"]) for s in scores}:
        sizes = {s["subset"]: s["num_items"] for s in scores if (s["task"], s["metric"]) == (task, metric)}
        assert sizes.pop("all") == sum(sizes.values())
    (met,) = asked(warehouse, "select count(distinct item_id) as n from contamination where benchmark = 'cloze' and action = 'flag'")
    contaminated = {s["num_items"] for s in scores if s["task"] == "cloze" and s["subset"] == "contaminated"}
    assert contaminated == ({met["n"]} if met["n"] else set())


def test_a_loop_that_is_done_is_not_done_again(run_file: Path) -> None:
    before = Warehouse(run_file.parent / "warehouse").version()
    assert json.loads(typed("run", run_file, "--json"))["done_now"] == []
    typed("train", run_file, "--json")
    typed("eval", run_file, "--json")
    assert Warehouse(run_file.parent / "warehouse").version() == before


def test_why_tells_the_story_of_a_kept_and_of_a_dropped_document(warehouse: Path) -> None:
    kept = asked(warehouse, "select c.doc_id from corpus c join pii_spans p on p.doc_id = c.doc_id where c.split = 'train' order by 1 limit 1")[0][
        "doc_id"
    ]
    told = json.loads(typed("why", kept, "-w", warehouse, "--json"))
    assert told["fate"]["fate"] == "kept"
    assert told["train_steps"]
    dropped = asked(warehouse, "select doc_id, kept_doc_id from duplicates order by 1 limit 1")[0]
    assert dropped["kept_doc_id"] in typed("why", dropped["doc_id"][:12], "-w", warehouse)


def test_datasets_loads_the_published_folder(warehouse: Path, tmp_path: Path) -> None:
    loaded = datasets.load_dataset(str(warehouse / "corpus"), cache_dir=str(tmp_path))
    assert set(loaded) == {"train", "heldout"}
    published = asked(warehouse, "select split, count(*) as n from corpus group by split")
    assert {name: part.num_rows for name, part in loaded.items()} == {row["split"]: row["n"] for row in published}
    texts = " ".join(loaded["train"]["text"])
    assert "@example.org" not in texts
    assert "<EMAIL_ADDRESS>" in texts


def test_the_model_goes_on_and_the_published_files_are_whole(warehouse: Path, run_file: Path) -> None:
    assert typed("generate", "The river", "-w", warehouse, "--max-new-tokens", 5).startswith("The river")
    facts = json.loads(typed("verify", run_file, "--json"))
    assert facts["num_files"] == sum(facts["num_files_by_step"].values()) > 50
    assert facts["num_files_by_step"]["eval"] == 2


def test_a_damaged_file_is_found_by_verify_and_never_published_where_verification_is_asked_for(tmp_path: Path) -> None:
    path = write_run_file(tmp_path)
    typed("run", path, "--json", "--until", "publish")
    found = Warehouse(tmp_path / "warehouse")
    target = found.root / found.manifests()["judge"].tables["verdicts"].files[0].path
    damaged = bytearray(target.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    target.write_bytes(bytes(damaged))
    with pytest.raises(CorruptFile, match=r"1 of .* files are missing or differ"):
        typed("verify", path)
    (found.root / "versions" / "00000001.json").unlink()
    with pytest.raises(CorruptFile, match=r"1 of .* files are missing or differ"):
        typed("run", path, "--json", "--verify")
    assert found.version() is None
    typed("run", path, "--json")
    assert found.version() is not None


@pytest.mark.parametrize("damaged", ["dedup duplicates run", "train train_steps train", "eval scores eval"])
def test_what_verify_advises_repairs_a_damaged_step(
    run_file: Path, warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:
    step, table, command = damaged.split()
    copy = tmp_path / "warehouse"
    shutil.copytree(warehouse, copy, symlinks=True)
    monkeypatch.setenv("ASSAY_WAREHOUSE", str(copy))
    found = Warehouse(copy).manifests()
    (manifest,) = [m for name, m in found.items() if name.partition(":")[0] == step]
    target = copy / manifest.tables[table].files[0].path
    target.write_bytes(target.read_bytes()[:-1])
    with pytest.raises(CorruptFile) as caught:
        typed("verify", run_file)
    told = re.search(r"delete (\S+) and run the command that made it again", str(caught.value))
    assert told is not None
    Path(told[1]).unlink()
    typed(command, run_file, "--json")
    typed("verify", run_file)
    repaired = Warehouse(copy).manifests()
    assert {name: m.content_sha256 for name, m in repaired.items()} == {name: m.content_sha256 for name, m in found.items()}


def test_verify_of_a_place_where_nothing_is_published_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        typed("verify", "-w", tmp_path / "typo")
    monkeypatch.setenv("ASSAY_WAREHOUSE", str(tmp_path / "nothing"))
    with pytest.raises(InputError, match="nothing is published there"):
        typed("verify")


def test_tokens_seen_are_those_of_every_step_not_of_the_logged_ones(warehouse: Path) -> None:
    curve = json.loads(typed("sql", "--saved", "loss_curve", "-w", warehouse, "--json"))
    last = max((row for row in curve if row["source"] == "all"), key=lambda row: int(row["step"]))
    (saved,) = asked(warehouse, "select max(num_tokens) as n from checkpoints")
    assert last["num_tokens_seen"] == saved["n"]


def test_a_rollback_publishes_the_earlier_version_again(tmp_path: Path) -> None:
    path = write_run_file(tmp_path)
    typed("run", path, "--json")
    first = Warehouse(tmp_path / "warehouse").version()
    path.write_text(path.read_text(encoding="utf-8").replace("heldout_ratio = 0.25", "heldout_ratio = 0.3"), encoding="utf-8")
    typed("run", path, "--json")
    typed("rollback", 1, "-w", tmp_path / "warehouse")
    third = Warehouse(tmp_path / "warehouse").version()
    assert first is not None
    assert third is not None
    assert (third.number, third.steps) == (3, first.steps)
    with pytest.raises(ConfigError, match="no version 9"):
        typed("rollback", 9, "-w", tmp_path / "warehouse")
