"""Bad input: one clear line that says where, what and the way out, exit 1 or 2, and nothing published is lost."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from tiny_corpus import documents, write_run_file

from pipelines.contract.parts import read_table
from pipelines.contract.schema import DOCUMENTS, FATES, QUARANTINE, TEXTS
from pipelines.contract.warehouse import Warehouse


def assay(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def line_of(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line of an error."""
    assert done.returncode == code, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.strip()]
    assert line.startswith("assay: ")
    return line


def edited(run_file: Path, old: str, new: str) -> Path:
    text = run_file.read_text(encoding="utf-8")
    assert old in text
    run_file.write_text(text.replace(old, new), encoding="utf-8")
    return run_file


def test_an_argument_that_is_no_utf_8_is_one_line() -> None:
    done = subprocess.run([sys.executable, "-m", "app.cli", "why", b"\xff\xff"], capture_output=True, text=True, check=False)
    assert "an argument is not UTF-8" in line_of(done, 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('presets = ["gopher"]', 'presets = ["goper"]', "no preset is named 'goper'; did you mean 'gopher'?"),
        ("heldout_ratio", "held_out_ratio", "tiny.toml.split.held_out_ratio: unknown key; did you mean 'heldout_ratio'?"),
        ("vocab_size = 400", 'vocab_size = "many"', "tiny.toml.tokenize.vocab_size: expected a whole number, got 'many'"),
        ('use = "jsonl"', 'use = "jsonlines"', "no source is named 'jsonlines'; did you mean 'jsonl'?"),
        ('engine = "local"', 'engine = "sparc"', "tiny.toml.engine: got 'sparc'; did you mean 'spark'?"),
        ('cloze = "flag"', 'clozes = "flag"', "no task of this name is in eval.tasks; did you mean 'cloze'?"),
        ("[split]", "[split", "not TOML"),
    ],
)
def test_a_mistake_in_the_run_file_is_one_line_before_any_work(tmp_path: Path, old: str, new: str, said: str) -> None:
    run_file = edited(write_run_file(tmp_path), old, new)
    assert said in line_of(assay("run", run_file), 2)
    assert not list((tmp_path / "warehouse").glob("manifests/*/*"))


def test_a_missing_run_file_source_or_benchmark_is_one_line(tmp_path: Path) -> None:
    assert "no such run file" in line_of(assay("run", tmp_path / "nothing.toml"), 2)
    run_file = write_run_file(tmp_path)
    (tmp_path / "corpus.jsonl").unlink()
    assert "corpus.jsonl" in line_of(assay("run", run_file), 1)
    run_file = write_run_file(tmp_path)
    (tmp_path / "gsm8k" / "test.jsonl").unlink()
    assert "test.jsonl" in line_of(assay("run", run_file), 1)


def hostile_files(folder: Path) -> None:
    """Every fault of the list, each in a file of its own, beside enough good text."""
    good = [json.dumps({"text": row["text"]}) for row in documents(60, seed=3)]
    (folder / "good.jsonl").write_text("".join(line + "\n" for line in good), encoding="utf-8")
    (folder / "empty.jsonl").write_bytes(b"")
    (folder / "blank.jsonl").write_text("\n  \n" + json.dumps({"text": ""}) + "\n" + json.dumps({"text": " \n "}) + "\n", encoding="utf-8")
    (folder / "long.jsonl").write_text(json.dumps({"text": "many words on one line and more of them " * 125_000}) + "\n", encoding="utf-8")
    (folder / "nul.jsonl").write_text(json.dumps({"text": documents(20)[0]["text"] + "\0 and after it"}) + "\n", encoding="utf-8")
    (folder / "surrogate.jsonl").write_text('{"text": "half \\ud800 of a pair"}\n', encoding="utf-8")
    (folder / "latin.jsonl").write_bytes(b'{"text": "caf\xe9"}\n')
    packed = "".join(line + "\n" for line in good).encode()
    (folder / "cut.jsonl.gz").write_bytes(gzip.compress(packed)[:-200])
    (folder / "cut.jsonl.zst").write_bytes(zstandard.compress(packed)[:-50])


def test_faulty_files_become_quarantine_rows_and_the_rest_is_curated(tmp_path: Path) -> None:
    run_file = write_run_file(tmp_path)
    folder = tmp_path / "many"
    folder.mkdir()
    hostile_files(folder)
    edited(run_file, str(tmp_path / "corpus.jsonl"), str(folder))
    edited(edited(run_file, 'key = "id"\n', ""), 'origin = "site"\n', "")
    edited(run_file, "max_quarantine_ratio = 0.05", "max_quarantine_ratio = 0.2")
    done = assay("run", run_file, "--json")
    assert done.returncode == 0, done.stderr
    warehouse = Warehouse(tmp_path / "warehouse")
    manifests = warehouse.manifests()
    quarantine = read_table(warehouse.table(manifests["ingest"], "quarantine", QUARANTINE.schema)).to_pylist()
    faults = {(Path(row["origin_file"]).name, row["error"]) for row in quarantine}
    assert {name for name, _ in faults} == {"surrogate.jsonl", "latin.jsonl", "cut.jsonl.gz", "cut.jsonl.zst"}
    documents_ = read_table(warehouse.table(manifests["ingest"], "documents", DOCUMENTS.schema), ["doc_id", "origin_file", "num_bytes"]).to_pylist()
    assert max(row["num_bytes"] for row in documents_) == 5_000_000
    fates = [row for m in manifests.values() for row in read_table(warehouse.table(m, "fates", FATES.schema)).to_pylist()]
    assert sorted(row["doc_id"] for row in fates) == sorted(row["doc_id"] for row in documents_)
    assert all(row["reason"] for row in fates if row["fate"] != "kept")
    texts = read_table(warehouse.table(manifests["clean"], "texts", TEXTS.schema)).column("text").to_pylist()
    assert not any("\0" in text for text in texts)
    assert any("and after it" in text for text in texts)


def test_too_large_a_share_of_faults_fails_the_run_and_publishes_nothing(tmp_path: Path) -> None:
    run_file = write_run_file(tmp_path)
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(corpus.read_text(encoding="utf-8") + "{no JSON secret-word}\n" * 40, encoding="utf-8")
    line = line_of(assay("run", run_file, "--json"), 1)
    assert "41 of " in line
    assert "max_quarantine_ratio" in line
    assert "secret-word" not in line
    assert Warehouse(tmp_path / "warehouse").version() is None


def test_empty_input_is_one_line(tmp_path: Path) -> None:
    run_file = write_run_file(tmp_path, rows=[])
    (tmp_path / "corpus.jsonl").write_text("", encoding="utf-8")
    assert "source 'tiny' gave no document (1 *.jsonl read): no record of theirs is a document" in line_of(assay("run", run_file, "--json"), 1)


def test_repeated_keys_keep_the_first_record_and_set_the_others_aside(tmp_path: Path) -> None:
    run_file = write_run_file(tmp_path, rows=[*documents(60), {**documents(20)[0], "text": "The second of that key."}])
    assert assay("run", run_file, "--json", "--until", "ingest").returncode == 0
    warehouse = Warehouse(tmp_path / "warehouse")
    (path,) = (warehouse.root / "manifests" / "ingest").glob("*.json")
    manifest = warehouse.find("ingest", path.stem)
    assert manifest is not None
    faults = read_table(warehouse.table(manifest, "quarantine", QUARANTINE.schema)).to_pylist()
    assert [row["error"] for row in faults].count("repeated_key") == 1
    texts = read_table(warehouse.table(manifest, "documents", DOCUMENTS.schema)).column("text").to_pylist()
    assert "The second of that key." not in texts


def test_parquet_without_the_columns_or_cut_short_says_so(tmp_path: Path) -> None:
    run_file = edited(write_run_file(tmp_path), 'use = "jsonl"', 'use = "parquet"')
    path = tmp_path / "corpus.parquet"
    edited(run_file, str(tmp_path / "corpus.jsonl"), str(path))
    pq.write_table(pa.table({"words": ["a"] * 50}), path)
    line = line_of(assay("run", run_file, "--json"), 1)
    assert "words" in line
    pq.write_table(pa.Table.from_pylist(documents()), path)
    path.write_bytes(path.read_bytes()[:-40])
    assert "truncated_parquet" in line_of(assay("run", run_file, "--json"), 1)


def test_an_unwritable_warehouse_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = line_of(assay("run", write_run_file(tmp_path), ASSAY_WAREHOUSE=str(tmp_path / "file" / "warehouse")), 1)
    assert str(tmp_path / "file" / "warehouse") in line


def test_two_runs_on_one_warehouse_the_second_is_told_who_holds_it(tmp_path: Path) -> None:
    run_file = write_run_file(tmp_path)
    with Warehouse(tmp_path / "warehouse").writing():
        assert f"held by process {os.getpid()}" in line_of(assay("run", run_file), 1)


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.argv = ["assay", "run", sys.argv[1], "--json"]
from app.cli import main
main()
"""


def test_a_disk_that_is_full_is_one_line_and_the_old_version_stays(tmp_path: Path) -> None:
    run_file = write_run_file(tmp_path)
    assert assay("run", run_file, "--json").returncode == 0
    warehouse = Warehouse(tmp_path / "warehouse")
    before = warehouse.version()
    edited(run_file, "heldout_ratio = 0.25", "heldout_ratio = 0.3")
    # A limit on the size of files stands in for a full disk: the same write fails, with the errno EFBIG in the place of ENOSPC.
    done = subprocess.run([sys.executable, "-c", LIMITED, run_file], capture_output=True, text=True, check=False)
    assert str(tmp_path / "warehouse") in line_of(done, 1)
    assert warehouse.version() == before
    assert assay("run", run_file, "--json").returncode == 0
    after = warehouse.version()
    assert before is not None
    assert after is not None
    assert after.number == before.number + 1
