from __future__ import annotations

import json
import os
import pickle
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modelcore.checkpoint import OtherRun, folder_name, plan_of, read_state
from modelcore.plan import Plan
from modelcore.training import train
from pipelines.contract.errors import CorruptFile, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from modelcore.config import TrainConfig
    from pipelines.contract.parts import Table

Rows = list[tuple[str, str, str, list[int]]]
ROOT = Path(__file__).resolve().parents[2]
# Imports once and then forks a trainer for each line that it reads: tells its process id, and afterwards how it ended.
NURSERY = """
import os, pickle, sys
import torch._dynamo  # optimizers import it at their first step, which takes seconds
from pathlib import Path
from modelcore.training import train
arguments = pickle.loads(Path(sys.argv[1]).read_bytes())
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        train(*arguments)
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture
def shards(shards_of: Callable[..., Table], text_rows: Rows) -> Table:
    return shards_of(text_rows)


def kills(argument: Path, moments: Iterable[Callable[[], bool]]) -> Iterator[int]:
    """Starts a trainer for each moment and sends it SIGKILL as soon as that has come; gives its exit code."""
    command = [sys.executable, "-c", NURSERY, str(argument)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        for has_come in moments:
            nursery.stdin.write("go\n")
            nursery.stdin.flush()
            child = int(nursery.stdout.readline())
            ended = select.poll()
            ended.register(nursery.stdout, select.POLLIN)
            while not has_come() and not ended.poll(0):
                pass
            os.kill(child, signal.SIGKILL)
            yield int(nursery.stdout.readline())
        nursery.stdin.close()


def same_bytes(one: Path, other: Path) -> bool:
    names = ("model.safetensors", "optimizer.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json")
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


def losses(state: object) -> list[tuple[object, ...]]:
    return [(x.step, x.source, x.loss_nats, x.num_tokens, x.learning_rate) for x in state.losses]  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_with_the_bits_of_an_undisturbed_one(
    shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig
) -> None:
    config = replace(tiny, max_steps=60, checkpoint_every_steps=2)
    undisturbed = train(config, shards, tokenizer_path, tmp_path / "undisturbed")
    folder, argument = tmp_path / "killed", tmp_path / "argument"
    argument.write_bytes(pickle.dumps((config, shards, tokenizer_path, folder)))

    def reached(step: int) -> Callable[[], bool]:
        return (folder / folder_name(step)).exists

    def is_writing() -> bool:
        return any(folder.glob(".step-*/optimizer.safetensors"))

    moments = [lambda: True, reached(2), reached(8), reached(10), *[is_writing] * 5]
    half_written = 0
    for exit_code in kills(argument, moments):
        assert exit_code == -signal.SIGKILL
        half_written += is_writing()
    assert half_written, "no kill met a checkpoint that was being written"
    assert not (folder / folder_name(60)).exists(), "the kills should have come before the end"
    resumed = train(config, shards, tokenizer_path, folder)
    assert same_bytes(resumed.folder, undisturbed.folder)
    assert losses(resumed.state) == losses(undisturbed.state)
    assert resumed.state.saved == undisturbed.state.saved
    assert not is_writing()


def test_every_checkpoint_on_the_way_is_the_same_as_well(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    whole = train(tiny, shards, tokenizer_path, tmp_path / "whole")
    wall_s = 0.0
    for step in range(1, 13):
        part = train(replace(tiny, max_seconds=wall_s + 1e-9), shards, tokenizer_path, tmp_path / "parts")
        assert part.state.step == step
        wall_s = part.state.wall_s
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


def test_a_checkpoint_leads_to_its_plan_and_only_with_its_own_shards(
    shards_of: Callable[..., Table], text_rows: Rows, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig
) -> None:
    result = train(tiny, shards_of(text_rows), tokenizer_path, tmp_path / "run")
    plan = plan_of(result.folder, shards_of(text_rows[::-1], 9))
    assert plan.plan_sha256 == result.state.plan_sha256
    assert plan.documents_of(3) == Plan.read(shards_of(text_rows), tiny).documents_of(3)
    with pytest.raises(OtherRun, match="name those it was trained on"):
        plan_of(result.folder, shards_of(text_rows[2:]))


def test_a_plan_claims_no_step_after_the_one_at_which_the_clock_stopped_the_run(
    shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig
) -> None:
    stopped = train(replace(tiny, max_seconds=1e-9), shards, tokenizer_path, tmp_path / "run")
    plan = plan_of(stopped.folder, shards)
    assert plan.last_step == stopped.state.step == 1
    claimed = {step for i in range(len(plan.documents)) for step in plan.steps_of(plan.documents.doc_id(i))}
    assert claimed == {1}
    with pytest.raises(InputError, match=r"step 2: .* 1 to 1"):
        plan.documents_of(2)


def test_a_plan_is_read_from_the_state_alone(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    folder = train(tiny, shards, tokenizer_path, tmp_path / "run").folder
    for path in folder.iterdir():
        if path.name != "state.json":
            path.unlink()
    assert plan_of(folder, shards).last_step == 12


@pytest.mark.parametrize(
    "damaged",
    ["{", "[]", '{"format": 1}', '{"format": 1, "losses": 3}', "step", "max_seconds"],
)
def test_a_damaged_state_is_said_to_be_damaged(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig, damaged: str) -> None:
    path = train(tiny, shards, tokenizer_path, tmp_path / "run").folder / "state.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    changed = {"step": {**whole, "step": "three"}, "max_seconds": {**whole, "config": {**whole["config"], "max_secunds": 1}}}
    path.write_text(json.dumps(changed[damaged]) if damaged in changed else damaged, encoding="utf-8")
    with pytest.raises((CorruptFile, InputError), match=r"state\.json"):
        plan_of(path.parent, shards)


def test_another_corpus_is_refused(shards_of: Callable[..., Table], text_rows: Rows, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    train(tiny, shards_of(text_rows), tokenizer_path, tmp_path / "run")
    with pytest.raises(OtherRun, match=r"belongs to the plan .* name another folder"):
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
def test_a_flipped_bit_is_found_before_it_is_trained_on(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig, name: str) -> None:
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
