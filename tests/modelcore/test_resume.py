from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modelcore.checkpoint import OtherRun, folder_name, read_state
from modelcore.training import train
from pipelines.contract.errors import CorruptFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from modelcore.config import TrainConfig
    from pipelines.contract.parts import Table

Rows = list[tuple[str, str, str, list[int]]]
ROOT = Path(__file__).resolve().parents[2]
# Says "step N" at every step, so that the parent can kill it there, and goes on at once.
CHILD = """
import pickle, sys
from pathlib import Path
from modelcore.training import train
config, shards, tokenizer_path, folder = pickle.loads(Path(sys.argv[1]).read_bytes())
print("ready", flush=True)
train(config, shards, tokenizer_path, folder, lambda report: print("step", report.step, flush=True))
print("done", flush=True)
"""


@pytest.fixture
def shards(shards_of: Callable[..., Table], text_rows: Rows) -> Table:
    return shards_of(text_rows)


def killed_at(word: str, argument: Path) -> None:
    """Runs the child until it says ``word``, then sends it SIGKILL."""
    with subprocess.Popen([sys.executable, "-c", CHILD, str(argument)], stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == word:
                child.send_signal(signal.SIGKILL)
                break
        child.wait()
    assert child.returncode == -signal.SIGKILL


def same_bytes(one: Path, other: Path) -> bool:
    names = ("model.safetensors", "optimizer.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json")
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


def losses(state: object) -> list[tuple[object, ...]]:
    return [(x.step, x.source, x.loss_nats, x.num_tokens, x.learning_rate) for x in state.losses]  # type: ignore[attr-defined]


def test_a_run_killed_several_times_ends_with_the_bits_of_an_undisturbed_one(
    shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig
) -> None:
    config = replace(tiny, max_steps=40, checkpoint_every_steps=3)
    undisturbed = train(config, shards, tokenizer_path, tmp_path / "undisturbed")
    folder, argument = tmp_path / "killed", tmp_path / "argument"
    argument.write_bytes(pickle.dumps((config, shards, tokenizer_path, folder)))
    for word in ("step 2", "step 5", "ready", "step 12", "step 27"):
        killed_at(word, argument)
    assert not (folder / folder_name(40)).exists(), "the kills should have come before the end"
    resumed = train(config, shards, tokenizer_path, folder)
    assert same_bytes(resumed.folder, undisturbed.folder)
    assert losses(resumed.state) == losses(undisturbed.state)
    assert resumed.state.saved == undisturbed.state.saved


def test_every_checkpoint_on_the_way_is_the_same_as_well(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    whole = train(tiny, shards, tokenizer_path, tmp_path / "whole")
    halves = replace(tiny, max_seconds=1e-9)
    for step in range(1, 13):
        part = train(halves, shards, tokenizer_path, tmp_path / "parts")
        state = json.loads((part.folder / "state.json").read_text())
        assert state["step"] == step
        state["is_ended"] = False  # as if it had been killed after this checkpoint
        (part.folder / "state.json").write_text(json.dumps(state))
    for step in (4, 8, 12):
        assert same_bytes(tmp_path / "parts" / folder_name(step), tmp_path / "whole" / folder_name(step))
    assert losses(part.state) == losses(whole.state)


def test_a_finished_run_is_not_trained_again(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    first = train(tiny, shards, tokenizer_path, tmp_path / "run")
    reports: list[object] = []
    again = train(tiny, shards, tokenizer_path, tmp_path / "run", reports.append)
    assert (again.folder, again.state.losses, again.state.saved, reports) == (first.folder, first.state.losses, first.state.saved, [])


def test_what_a_killed_writer_left_is_swept_and_never_read(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    left = tmp_path / "run" / ".step-00000099.abc"
    left.mkdir(parents=True)
    (left / "model.safetensors").write_bytes(b"half")
    assert train(tiny, shards, tokenizer_path, tmp_path / "run").state.step == 12
    assert not left.exists()


def test_another_corpus_is_refused(shards_of: Callable[..., Table], text_rows: Rows, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    train(tiny, shards_of(text_rows), tokenizer_path, tmp_path / "run")
    with pytest.raises(OtherRun, match="belongs to the plan .* name another folder"):
        train(tiny, shards_of(text_rows[1:]), tokenizer_path, tmp_path / "run")


def test_another_recipe_is_refused_and_told_apart(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    train(tiny, shards, tokenizer_path, tmp_path / "run")
    with pytest.raises(OtherRun, match=r"learning_rate: 0\.01 there, 0\.02 here"):
        train(replace(tiny, learning_rate=0.02), shards, tokenizer_path, tmp_path / "run")


def test_a_run_may_go_on_with_other_micro_batches_and_reports(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    train(tiny, shards, tokenizer_path, tmp_path / "run")
    (tmp_path / "run" / folder_name(12)).rename(tmp_path / "moved")
    result = train(replace(tiny, micro_batch_rows=2, log_every_steps=6), shards, tokenizer_path, tmp_path / "run")
    before = read_state(tmp_path / "moved").losses[-3:]
    for old, new in zip(before, result.state.losses[-3:], strict=True):
        assert (new.step, new.source) == (old.step, old.source)
        assert new.loss_nats == pytest.approx(old.loss_nats, abs=1e-3)


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors"])
def test_a_flipped_bit_is_found_before_it_is_trained_on(
    shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig, name: str
) -> None:
    path = train(tiny, shards, tokenizer_path, tmp_path / "run").folder / name
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(CorruptFile, match=f"{name}: differs .* delete step-00000012"):
        train(tiny, shards, tokenizer_path, tmp_path / "run")


def test_a_state_of_another_format_is_refused(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    path = train(tiny, shards, tokenizer_path, tmp_path / "run").folder / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(CorruptFile, match="format 99"):
        train(tiny, shards, tokenizer_path, tmp_path / "run")
