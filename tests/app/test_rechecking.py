"""``assay contamination check``: a benchmark that came after the run."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from loop import asked, typed

from pipelines.contract.errors import ConfigError, CorruptFile, InputError
from pipelines.steps.ngram_filter import kept_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.contract.warehouse import Warehouse

QUESTION = "When seventeen violet submarines hum beneath frozen marmalade lakes, which of their nine pilots may whistle in Latin?"


def exam(folder: Path, *questions: str) -> Path:
    """Files in the layout of GSM8K, and a file that names the task."""
    folder.mkdir()
    lines = "".join(json.dumps({"question": question, "answer": "It is so. #### 4"}) + "\n" for question in questions)
    for name in ("train", "test"):
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    path = folder / "new.toml"
    path.write_text(f'tasks = [{{use = "gsm8k", path = "{folder}", num_shots = 0}}]\n', encoding="utf-8")
    return path


def test_a_new_benchmark_is_met_in_the_published_text_and_its_rows_join_the_tables(copied: Warehouse, tmp_path: Path) -> None:
    (row,) = asked(copied.root, "select doc_id, text from corpus where split = 'train' and text not like '%<%' order by doc_id limit 1")
    held = " ".join(row["text"].split()[10:30])
    told = json.loads(typed("contamination", "check", exam(tmp_path / "new", QUESTION, held), "--json"))
    (counts,) = told["benchmarks"]
    assert (counts["num_items"], counts["contaminated"], counts["clean"], counts["num_documents"]) == (2, 1, 1, 1)
    assert 0 < told["read"]["num_blocks_read"] <= told["read"]["num_blocks"]
    query = "select m.item_id, m.action, m.doc_start, m.doc_end from contamination m join benchmark_items i using (benchmark, item_id, part)"
    met = asked(copied.root, f"{query} where m.doc_id = '{row['doc_id']}'")
    assert {one["action"] for one in met} == {"flag"}
    (text,) = asked(copied.root, f"select text from texts where doc_id = '{row['doc_id']}'")
    assert held in {" ".join(text["text"].encode()[one["doc_start"] : one["doc_end"]].decode().split()) for one in met}


def test_the_heldout_side_is_not_looked_at(copied: Warehouse, tmp_path: Path) -> None:
    rows = asked(copied.root, "select doc_id, text from corpus where split = 'heldout' and text not like '%<%' order by doc_id limit 3")
    told = json.loads(typed("contamination", "check", exam(tmp_path / "new", *(" ".join(row["text"].split()[10:30]) for row in rows)), "--json"))
    (counts,) = told["benchmarks"]
    assert rows
    assert (counts["clean"], counts["contaminated"], counts["num_documents"]) == (len(rows), 0, 0)


def test_a_benchmark_that_is_not_there_costs_a_look_at_the_filter_and_is_looked_for_once(copied: Warehouse, tmp_path: Path) -> None:
    tasks = exam(tmp_path / "new", QUESTION)
    told = json.loads(typed("contamination", "check", tasks, "--json"))
    assert told["benchmarks"][0]["clean"] == 1
    assert told["read"]["num_blocks_read"] == 0 < told["read"]["num_blocks"]
    version = copied.version()
    assert "1 clean" in typed("contamination", "check", tasks)
    assert copied.version() == version


def test_a_damaged_filter_is_named_by_verify_and_made_anew_once_it_is_deleted(copied: Warehouse, tmp_path: Path) -> None:
    tasks = exam(tmp_path / "new", QUESTION)
    typed("contamination", "check", tasks)
    kept = kept_manifest(copied, copied.manifests()["publish"])
    assert kept is not None
    (copied.root / kept.tables["ngram_filter"].files[0].path).unlink()
    with pytest.raises(CorruptFile, match="cannot be read"):
        typed("contamination", "check", exam(tmp_path / "newer", QUESTION + " None."))
    place = copied.manifest_path(kept.step, kept.key)
    with pytest.raises(CorruptFile, match=re.escape(f"delete {place}")):
        typed("verify", "-w", copied.root)
    place.unlink()
    assert "1 clean" in typed("contamination", "check", tmp_path / "newer" / "new.toml")
    typed("verify", "-w", copied.root)


@pytest.mark.usefixtures("copied")
def test_what_cannot_be_looked_for_is_one_line(empty: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no benchmark is named"):
        typed("contamination", "check")
    with pytest.raises(ConfigError, match="did you mean 'humaneval'"):
        typed("contamination", "check", "--task", "humanevil")
    half = tmp_path / "half.toml"
    half.write_text('tasks = [{use = "gsm8k"', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"half\.toml"):
        typed("contamination", "check", half)
    monkeypatch.setenv("ASSAY_WAREHOUSE", str(empty.root / "nowhere"))
    with pytest.raises(InputError, match="assay run"):
        typed("contamination", "check", exam(tmp_path / "new", QUESTION))


def test_what_was_looked_for_twice_counts_once(copied: Warehouse, tmp_path: Path) -> None:
    (row,) = asked(copied.root, "select text from corpus where split = 'train' and text not like '%<%' order by doc_id limit 1")
    tasks = exam(tmp_path / "new", QUESTION, " ".join(row["text"].split()[10:30]))
    typed("contamination", "check", tasks)
    before = json.loads(typed("contamination", "report", "gsm8k", "--json"))
    listed = len(asked(copied.root, "select 1 from contamination"))
    again = tmp_path / "again.toml"
    again.write_text(tasks.read_text(encoding="utf-8").replace("num_shots = 0", "num_shots = 0, max_items = 2"), encoding="utf-8")
    typed("contamination", "check", again)
    assert len(asked(copied.root, "select 1 from contamination")) > listed > 0
    assert json.loads(typed("contamination", "report", "gsm8k", "--json")) == before
