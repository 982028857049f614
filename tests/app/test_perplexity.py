"""A model's surprise becomes signals like any other, and rules judge by it without knowing a model."""

from __future__ import annotations

import shutil
import statistics
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from rich.console import Console
from tiny_corpus import write_run_file

from app.catalog import connect
from app.console import SilentReporter
from app.curation import runner_for
from app.perplexity import SIGNALS, ScoreTexts
from app.settings import load
from app.training import train_model
from evalsuite.models.checkpoint import Checkpoint
from pipelines.contract.errors import ConfigError, InputError
from pipelines.contract.parts import read_table
from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = """
[train]
max_steps = 2
batch_tokens = 64
warmup_steps = 1
num_threads = 1
[train.model]
num_layers = 1
width = 16
num_heads = 2
num_kv_heads = 1
hidden = 16
context_length = 32
"""
PRESET = """
version = 1
source = "a test"
[[rules]]
family = "perplexity"
signal = "bits_per_byte"
max = 5.0
reason = "surprising"
"""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_file = write_run_file(tmp_path_factory.mktemp("model"), extra=TRAIN)
    settings = load(run_file)
    runner_for(settings, "local", SilentReporter())[0].run()
    return train_model(settings, Console(), quiet=True).folder


def judged(folder: Path, checkpoint: Path, preset: str = PRESET) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "surprise.toml").write_text(preset)
    run_file = write_run_file(folder, extra=f'[perplexity]\nmodel = {{use = "checkpoint", path = "{checkpoint}", device = "cpu"}}')
    run_file.write_text(run_file.read_text().replace('presets = ["gopher"]', f'presets = ["{folder / "surprise.toml"}"]'))
    return run_file


def test_rules_judge_by_the_perplexity_of_a_model_that_curation_does_not_know(tmp_path: Path, checkpoint: Path) -> None:
    probe = runner_for(load(judged(tmp_path, checkpoint)), "local", SilentReporter())[0].run("perplexity")
    place = Warehouse(tmp_path / "warehouse")
    bits = read_table(place.table(probe.manifests["perplexity"], "signals_perplexity", SIGNALS)).column("bits_per_byte").drop_null().to_pylist()
    bound = statistics.median(bits)
    moved = tmp_path / "elsewhere"
    shutil.copytree(checkpoint, moved)  # what a model is, is its bytes: the step need not be done again
    result = runner_for(load(judged(tmp_path, moved, PRESET.replace("max = 5.0", f"max = {bound!r}"))), "local", SilentReporter())[0].run()
    assert "perplexity" in probe.done_now
    assert "perplexity" not in result.done_now
    with connect(place) as sql:
        (failed,) = sql.sql(
            "SELECT count(*) FROM verdicts WHERE rule = 'surprise.bits_per_byte_max' AND reason = 'surprising' AND value > threshold"
        ).fetchall()
        (long_form,) = sql.sql(
            "SELECT count(*) FROM signal_values WHERE family = 'perplexity' AND signal = 'bits_per_byte' AND value > $1", params=[bound]
        ).fetchall()
    assert failed == long_form == (sum(value > bound for value in bits),)


def test_a_text_is_scored_alike_whatever_stands_beside_it(checkpoint: Path) -> None:
    texts = ["The baker sells rolls.", "", "The river follows the road " * 20, "Zoë €𝄞"]
    batch = pa.RecordBatch.from_pydict({"doc_id": [f"{i:032x}" for i in range(4)], "text": texts})
    body = ScoreTexts(Checkpoint(path=checkpoint, device="cpu"))
    whole = body(batch)["signals_perplexity"].to_pylist()
    alone = [body(batch.slice(i, 1))["signals_perplexity"].to_pylist()[0] for i in range(4)]
    assert whole == alone
    assert whole[1] == {"doc_id": f"{1:032x}", "bits_per_byte": None, "perplexity": None, "num_tokens": 0}
    assert all(row["bits_per_byte"] > 1 and row["perplexity"] > 1 for row in (whole[0], whole[2], whole[3]))


def test_a_model_that_is_not_there_or_has_no_such_name_is_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model is there"):
        runner_for(load(judged(tmp_path, tmp_path / "nowhere")), "local", SilentReporter())[0].run()
    run_file = judged(tmp_path, tmp_path)
    run_file.write_text(run_file.read_text().replace('use = "checkpoint"', 'use = "chekpoint"'))
    with pytest.raises(ConfigError, match="no model backend is named 'chekpoint'; did you mean 'checkpoint'"):
        load(run_file)
