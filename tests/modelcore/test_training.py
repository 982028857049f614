from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from modelcore.architecture import initialized
from modelcore.data import TokenStream
from modelcore.hugging_face import config_to_json, read_model
from modelcore.plan import Plan
from modelcore.schedule import learning_rate
from modelcore.training import LossNotFinite, train
from pipelines.contract.errors import ConfigError, InputError
from pipelines.contract.schema import CHECKPOINTS, TRAIN_STEPS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from modelcore.config import TrainConfig
    from modelcore.results import StepReport
    from pipelines.contract.parts import Table

Rows = list[tuple[str, str, str, list[int]]]


@pytest.fixture
def shards(shards_of: Callable[..., Table], text_rows: Rows) -> Table:
    return shards_of(text_rows)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return read_model(folder)[0].state_dict()


def test_the_loss_falls_on_text_that_repeats(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    result = train(replace(tiny, max_steps=150), shards, tokenizer_path, tmp_path / "run")
    losses = [loss.loss_nats for loss in result.state.losses if loss.source is None]
    assert losses[0] == pytest.approx(math.log(300), abs=0.1), "an untrained model knows nothing"
    assert losses[-1] < 1.0


def test_losses_are_those_of_transformers_from_the_same_weights_and_batches(
    shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig
) -> None:
    config = replace(tiny, model=replace(tiny.model, vocab_size=300), max_steps=20, micro_batch_rows=3)
    ours = [x.loss_nats for x in train(config, shards, tokenizer_path, tmp_path / "run").state.losses if x.source is None]
    theirs = LlamaForCausalLM(LlamaConfig(**config_to_json(config.model, 0)))
    theirs.load_state_dict(initialized(config.model, config.seed).state_dict(), strict=False)
    theirs.tie_weights()
    groups = [
        {"params": [p for p in theirs.parameters() if p.ndim == 2], "weight_decay": config.weight_decay},
        {"params": [p for p in theirs.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(config.beta1, config.beta2), foreach=False, fused=False)
    plan = Plan.read(shards, config)
    stream = TokenStream.read(shards, plan.documents, 300)
    for step in range(1, 21):
        tokens = torch.from_numpy(plan.batch(stream, step))
        logits = theirs(tokens[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        assert ours[step - 1] == pytest.approx(loss.item(), abs=1e-4)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), config.grad_clip)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, step)
        optimizer.step()


@pytest.mark.parametrize("micro_batch_rows", [1, 3, 8, 100])
def test_micro_batches_make_the_same_update_as_the_whole_batch(
    shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig, micro_batch_rows: int
) -> None:
    config = replace(tiny, max_steps=3)
    whole = train(config, shards, tokenizer_path, tmp_path / "whole")
    cut = train(replace(config, micro_batch_rows=micro_batch_rows), shards, tokenizer_path, tmp_path / "cut")
    for one, other in zip(whole.state.losses, cut.state.losses, strict=True):
        assert (one.step, one.source, one.num_tokens) == (other.step, other.source, other.num_tokens)
        assert one.loss_nats == pytest.approx(other.loss_nats, abs=1e-5)
    # Adam divides by the size of a gradient, so a difference in its last bit can move a weight whose gradient is about zero.
    assert all(torch.allclose(w, weights(cut.folder)[name], atol=2e-3) for name, w in weights(whole.folder).items())


def test_the_losses_of_the_sources_add_up_to_the_whole(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    table = train(tiny, shards, tokenizer_path, tmp_path / "run").train_steps("t1")
    assert table.schema == TRAIN_STEPS.schema
    for step in range(1, 13):
        rows = table.filter(pc.equal(table["step"], step)).to_pylist()
        total, *parts = rows
        assert total["source"] is None
        assert [row["source"] for row in parts] == ["source0", "source1"]
        assert total["num_tokens"] == 128 == sum(row["num_tokens"] for row in parts)
        assert total["loss_nats"] == pytest.approx(sum(row["loss_nats"] * row["num_tokens"] for row in parts) / 128)


def test_a_run_tells_its_steps_checkpoints_and_progress(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    reports: list[StepReport] = []
    config = replace(tiny, max_steps=10, log_every_steps=5, checkpoint_every_steps=4)
    result = train(config, shards, tokenizer_path, tmp_path / "data" / "run", reports.append)
    checkpoints = result.checkpoints("t1", tmp_path)
    assert checkpoints.schema == CHECKPOINTS.schema
    assert checkpoints["step"].to_pylist() == [4, 8, 10]
    assert checkpoints["num_tokens"].to_pylist() == [512, 1024, 1280]
    assert len(set(checkpoints["checkpoint_id"].to_pylist())) == 3
    assert all((tmp_path / path / "model.safetensors").is_file() for path in checkpoints["path"].to_pylist())
    assert result.folder == tmp_path / "data" / "run" / "step-00000010"
    assert sorted(set(result.train_steps("t1")["step"].to_pylist())) == [1, 5, 10]
    assert [(report.step, report.checkpoint is not None) for report in reports] == [(1, False), (4, True), (5, False), (8, True), (10, True)]
    assert reports[-1].eta_s == 0.0
    assert set(reports[-1].loss_by_source) == {"source0", "source1"}
    assert (result.num_documents, result.num_tail_tokens) == (60, Plan.read(shards, config).packing.num_tail_tokens)


def test_two_runs_are_equal_to_the_bit_whatever_the_files(
    shards_of: Callable[..., Table], text_rows: Rows, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig
) -> None:
    first = train(tiny, shards_of(text_rows), tokenizer_path, tmp_path / "one")
    second = train(tiny, shards_of(text_rows[::-1], 7), tokenizer_path, tmp_path / "two")
    for name in ("model.safetensors", "optimizer.safetensors", "config.json"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_documents(
    shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig
) -> None:
    config = replace(tiny, learning_rate=1e30, warmup_steps=0, weight_decay=0.0)
    with pytest.raises(LossNotFinite) as caught:
        train(config, shards, tokenizer_path, tmp_path / "run")
    message = str(caught.value)
    step = int(message.split("step ")[1].split(":", maxsplit=1)[0])
    doc_ids = sorted({span.doc_id for span in Plan.read(shards, config).documents_of(step)})
    assert ", ".join(doc_ids[:8]) in message
    assert f"and {len(doc_ids) - 8} more" in message
    assert not list((tmp_path / "run").glob(f"step-{step:08d}"))


def test_a_clock_may_end_a_run_and_the_run_stays_ended(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    config = replace(tiny, max_seconds=1e-9)
    result = train(config, shards, tokenizer_path, tmp_path / "run")
    assert result.state.step == 1
    again = train(config, shards, tokenizer_path, tmp_path / "run")
    assert again.state == result.state


def test_bfloat16_and_absent_devices_are_refused(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    with pytest.raises(ConfigError, match="bfloat16 needs device cuda"):
        train(replace(tiny, dtype="bfloat16"), shards, tokenizer_path, tmp_path / "run")
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="cuda was asked for"):
            train(replace(tiny, device="cuda"), shards, tokenizer_path, tmp_path / "run")


def test_a_vocabulary_smaller_than_the_tokenizers_is_refused(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    with pytest.raises(ConfigError, match="299 is less than the tokenizer's 300"):
        train(replace(tiny, model=replace(tiny.model, vocab_size=299)), shards, tokenizer_path, tmp_path / "run")


@pytest.mark.parametrize("content", [None, b"{}"])
def test_a_tokenizer_that_is_none_is_refused(shards: Table, tmp_path: Path, tiny: TrainConfig, content: bytes | None) -> None:
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"tokenizer\.json"):
        train(tiny, shards, path, tmp_path / "run")


def test_threads_are_given_back(shards: Table, tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig) -> None:
    train(replace(tiny, max_steps=1, num_threads=2), shards, tokenizer_path, tmp_path / "run")
    assert torch.get_num_threads() == 1
