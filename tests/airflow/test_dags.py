"""The DAGs, in Airflow's own environment: what they promise a scheduler, and one that really runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-airflow" / "bin" / "python"
TASKS = ("corpus", "verify_corpus", "train", "evaluate", "verify_scores")

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


@pytest.fixture(scope="session")
def tiny_run_file(tmp_path_factory):
    """Sixty different small documents, and a run file for them that trains for a moment."""
    folder = tmp_path_factory.mktemp("tiny")
    things = ["river", "stone", "cloud", "window", "garden", "letter", "market", "winter", "engine", "bridge", "candle", "forest", "harbor"]
    sentences = [[f"The {things[(n + i) % 13]} of the {things[n * i % 13]} and number {n * 31 + i} is here." for i in range(12)] for n in range(60)]
    documents = [{"id": str(n), "text": " ".join(lines)} for n, lines in enumerate(sentences)]
    (folder / "documents.jsonl").write_text("".join(json.dumps(d) + "\n" for d in documents), encoding="utf-8")
    run_file = folder / "tiny.toml"
    run_file.write_text(
        f"""
name = "tiny"
warehouse = "{folder / "warehouse"}"
[[sources]]
use = "jsonl"
name = "tiny"
path = "{folder / "documents.jsonl"}"
[judge]
presets = []
[split]
heldout_ratio = 0.1
[tokenize]
vocab_size = 512
[train]
max_steps = 2
batch_tokens = 128
warmup_steps = 1
[train.model]
num_layers = 1
width = 32
num_heads = 2
num_kv_heads = 1
hidden = 64
context_length = 64
[eval]
tasks = ["bits_per_byte", "cloze", "humaneval"]
""",
        encoding="utf-8",
    )
    return run_file


@pytest.fixture(scope="session")
def endless(tmp_path_factory):
    """Stands where the interpreter would: it starts a child and waits for it, as assay does with its workers, and never ends."""
    program = tmp_path_factory.mktemp("endless") / "python"
    program.write_text('#!/bin/sh\nsleep 600 &\necho $! > "$0.child"\nwait\n', encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.fixture(scope="session")
def damaging(tmp_path_factory, tiny_run_file):
    """Stands where the interpreter would: it is the interpreter, but that a published file is damaged once a corpus was made."""
    program = tmp_path_factory.mktemp("damaging") / "python"
    tokenizers = f"find {tiny_run_file.parent}/warehouse/data/tokenize -name tokenizer.json"
    damage = f'if [ "$3" = run ]; then {tokenizers} | while read -r file; do printf x >> "$file"; done; fi'
    program.write_text(f'#!/bin/sh\n"{sys.executable}" "$@" || exit $?\n{damage}\nexit 0\n', encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.fixture(scope="session")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("log") / "airflow.log"


@pytest.fixture(scope="session")
def seen(tmp_path_factory, tiny_run_file, endless, damaging, log):
    """What Airflow makes of the DAG files, and how some runs in a fresh Airflow ended; it takes seconds to start, so all go in one process."""
    if not PYTHON.exists():
        pytest.skip("airflow: the Airflow environment is not installed (make test installs it)")
    home = tmp_path_factory.mktemp("airflow")
    environment = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "airflow_dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "false",
    }
    tiny = {"conf": {"run_file": str(tiny_run_file), "engine": "local"}, "python": sys.executable}
    missing = {"conf": {"run_file": str(home / "missing.toml"), "engine": "local"}, "python": sys.executable}
    wanted = [
        {"name": "first", **tiny},
        {"name": "second", **tiny},
        {"name": "damaged", **tiny, "python": str(damaging)},
        {"name": "damaged before", **tiny},
        {"name": "bad usage", **missing},
        {"name": "no assay", **missing, "python": str(home / "python")},
        {"name": "endless", **missing, "python": str(endless), "seconds": 2.0},
    ]
    (home / "wanted.json").write_text(json.dumps(wanted), encoding="utf-8")
    for command in (["-m", "airflow", "db", "migrate"], [Path(__file__).parent / "inside.py", home / "wanted.json", home / "report.json"]):
        with log.open("w", encoding="utf-8") as file:
            done = subprocess.run([PYTHON, *command], env={**os.environ, **environment}, cwd=home, stdout=file, stderr=file, check=False)
        assert done.returncode == 0, log.read_text(encoding="utf-8")[-4000:]
    return json.loads((home / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def runs(seen):
    return seen["runs"]


@pytest.fixture(scope="session")
def dag(seen):
    return seen["dags"]["assay"]


@pytest.fixture(scope="session")
def tasks(dag):
    return dag["tasks"]


def test_every_dag_file_can_be_read(seen):
    assert seen["import_errors"] == {}
    assert list(seen["dags"]) == ["assay"]


def test_the_corpus_comes_before_the_model_and_the_model_before_its_scores(dag):
    assert dag["edges"] == sorted([above, below] for above, below in pairwise(TASKS))


def test_a_run_has_a_moment_and_no_data_interval_that_nothing_would_read(dag):
    assert dag["schedule"] == "CronTriggerTimetable"


def test_the_past_is_not_caught_up_and_one_run_writes_at_a_time(dag):
    assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)


def test_every_task_says_whose_it_is_and_what_it_does(dag, tasks):
    assert dag["tags"]
    assert dag["doc_md"]
    assert [name for name, task in tasks.items() if task["owner"] in ("airflow", "") or not task["doc_md"]] == []


def test_every_task_is_tried_again_later_and_later_and_ends(tasks):
    for task in tasks.values():
        assert task["retries"] >= 1
        assert task["retry_exponential_backoff"] > 1
        assert 0 < task["max_retry_delay_s"] <= 3600
        assert 0 < task["execution_timeout_s"] <= 48 * 3600


def test_other_dags_can_wait_for_the_corpus_the_checkpoint_and_the_scores_and_only_verification_announces_them(tasks):
    announced = {name: task["outlets"] for name, task in tasks.items() if task["outlets"]}
    assert announced == {"verify_corpus": ["assay_corpus"], "verify_scores": ["assay_checkpoint", "assay_scores"]}
    assert {tasks[name]["arguments"][0] for name in announced} == {"verify"}


def test_nothing_is_published_before_its_files_were_verified(tasks):
    assert [name for name, task in tasks.items() if task["arguments"][0] != "verify" and "--verify" not in task["arguments"]] == []


def test_a_task_is_one_call_of_the_command_line(tasks):
    assert {name: task["arguments"][0] for name, task in tasks.items()} == {
        "corpus": "run",
        "verify_corpus": "verify",
        "train": "train",
        "evaluate": "eval",
        "verify_scores": "verify",
    }


def test_a_parameter_cannot_become_an_option_or_an_unknown_engine(dag):
    assert dag["refused"] == ["--help.toml", "run.json", 3, "flink"]


def test_the_dag_runs_from_text_to_scores(runs, log):
    ends = runs["first"]["tasks"]
    assert ends == dict.fromkeys(TASKS, "success"), log.read_text(encoding="utf-8")[-4000:]


def test_a_second_run_finds_nothing_to_do_and_the_same_content(runs):
    first, second = runs["first"]["reports"], runs["second"]["reports"]
    assert second["corpus"]["manifests"] == first["corpus"]["manifests"]
    assert second["corpus"]["done_now"] == []
    assert second["verify_scores"] == first["verify_scores"]


def test_a_corpus_that_is_damaged_after_it_was_made_is_not_announced_and_not_trained_on(runs):
    assert runs["damaged"]["tasks"] == {"corpus": "success", "verify_corpus": "failed", **dict.fromkeys(TASKS[2:], "upstream_failed")}
    assert runs["damaged before"]["tasks"] == {"corpus": "failed", **dict.fromkeys(TASKS[1:], "upstream_failed")}


def test_a_report_that_is_too_long_is_shortened_to_its_hash_counts_and_short_values(seen):
    evaluations, many, long = seen["shortened"]
    assert {name: evaluations[name] for name in ("version", "manifests", "done_now")} == {
        "version": 7, "manifests": {"num_values": 99}, "done_now": ["eval"],
    }  # fmt: skip
    assert "scores" not in evaluations
    assert many["shortened_from_bytes"] > 9999 * 64
    assert long["said"] == {"num_characters": 9999}
    assert all(len(report["report_sha256"]) == 64 and len(json.dumps(report).encode()) <= 4096 for report in seen["shortened"])


def test_a_run_file_that_does_not_exist_is_not_tried_again(runs):
    assert runs["bad usage"]["tries"]["corpus"] == 1
    assert runs["bad usage"]["tasks"] == {
        "corpus": "failed",
        **dict.fromkeys(("verify_corpus", "train", "evaluate", "verify_scores"), "upstream_failed"),
    }


def test_without_assay_the_task_fails_at_once_and_names_the_way_out(runs, log):
    assert runs["no assay"]["tries"]["corpus"] == 1
    assert "set ASSAY_PYTHON, or run: make demo" in log.read_text(encoding="utf-8")


def test_a_task_that_takes_too_long_leaves_no_process_behind(runs, endless):
    assert runs["endless"]["tasks"]["corpus"] == "failed"
    with pytest.raises(ProcessLookupError):
        os.kill(int(endless.with_name("python.child").read_text(encoding="utf-8")), 0)
