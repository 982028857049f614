from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
import torch
from transformers import AutoModelForCausalLM

from modelcore.architecture import initialized
from modelcore.config import ModelConfig
from modelcore.hugging_face import write_model
from modelcore.inference import Checkpoint
from modelcore.training import train
from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from modelcore.config import TrainConfig
    from pipelines.contract.parts import Table

Pairs = list[tuple[list[int], list[int]]]
CONFIG = ModelConfig(vocab_size=300, num_layers=2, width=32, num_heads=4, num_kv_heads=2, hidden=48, context_length=24)


@pytest.fixture
def checkpoint(tmp_path: Path, tokenizer_path: Path) -> Checkpoint:
    model = initialized(CONFIG, 5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)
    write_model(tmp_path, model, tokenizer_path, 0)
    return Checkpoint.load(tmp_path, "cpu")


@pytest.fixture
def pairs() -> Pairs:
    draw = random.Random(0)
    made = [([draw.randrange(300) for _ in range(draw.randint(0, 20))], [draw.randrange(300) for _ in range(draw.randint(0, 24))]) for _ in range(40)]
    return [*made, made[3], made[3], ([], []), ([7], [])]


def test_log_likelihoods_are_those_of_transformers_one_at_a_time(checkpoint: Checkpoint, pairs: Pairs) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(checkpoint.folder, dtype=torch.float64)
    for (context, continuation), scored in zip(pairs, checkpoint.loglikelihood(pairs), strict=True):
        ids = (context or [0]) + continuation
        if not continuation:
            assert (scored.logprob_nats, scored.is_greedy, scored.num_tokens) == (0.0, True, 0)
            continue
        window, n = ids[-25:], len(continuation)
        with torch.no_grad():
            logits = theirs(torch.tensor([window[:-1]])).logits[0, -n:]
        picked = logits.log_softmax(-1).gather(1, torch.tensor(continuation)[:, None])
        assert scored.logprob_nats == pytest.approx(picked.sum().item(), abs=5e-5)
        assert scored.is_greedy == (logits.argmax(-1).tolist() == continuation)
        assert scored.num_tokens == n


def test_the_size_of_a_batch_changes_only_the_rounding(checkpoint: Checkpoint, pairs: Pairs) -> None:
    alone = checkpoint.loglikelihood(pairs, max_batch_tokens=1)
    for max_batch_tokens in (50, 300, 100_000):
        for one, other in zip(alone, checkpoint.loglikelihood(pairs, max_batch_tokens), strict=True):
            assert other.logprob_nats / max(1, other.num_tokens) == pytest.approx(one.logprob_nats / max(1, one.num_tokens), abs=1e-5)
            assert (other.is_greedy, other.num_tokens) == (one.is_greedy, one.num_tokens)


def test_the_order_of_the_pairs_changes_no_bit(checkpoint: Checkpoint, pairs: Pairs) -> None:
    places = list(range(len(pairs)))
    random.Random(1).shuffle(places)
    straight = checkpoint.loglikelihood(pairs, 100)
    shuffled = checkpoint.loglikelihood([pairs[i] for i in places], 100)
    assert [straight[i] for i in places] == shuffled


def test_no_pairs_are_no_answers(checkpoint: Checkpoint) -> None:
    assert checkpoint.loglikelihood([]) == []


def test_the_most_likely_continuation_is_greedy(checkpoint: Checkpoint) -> None:
    [drawn] = checkpoint.generate(["the cat"], max_new_tokens=5)
    [scored] = checkpoint.loglikelihood([(checkpoint.encode("the cat"), drawn.token_ids)])
    assert scored.is_greedy
    assert scored.num_tokens == 5


def test_a_continuation_that_does_not_fit_is_refused(checkpoint: Checkpoint) -> None:
    assert checkpoint.loglikelihood([([1, 2], [3] * 24)])[0].num_tokens == 24
    with pytest.raises(InputError, match="25 tokens does not fit the context of 24"):
        checkpoint.loglikelihood([([1], [3] * 25)])


def test_a_trained_checkpoint_knows_its_step_and_its_plan(
    shards_of: Callable[..., Table], text_rows: list[tuple[str, str, str, list[int]]], tokenizer_path: Path, tmp_path: Path, tiny: TrainConfig
) -> None:
    result = train(tiny, shards_of(text_rows), tokenizer_path, tmp_path / "run")
    loaded = Checkpoint.load(result.folder, "cpu")
    assert (loaded.step, loaded.plan_sha256, loaded.end_of_text) == (12, result.state.plan_sha256, 0)
    assert loaded.decode([*loaded.encode("the cat sat — ünïcode"), 0]) == "the cat sat — ünïcode"


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such checkpoint"):
        Checkpoint.load(tmp_path / "absent", "cpu")
    with pytest.raises(InputError, match=r"config\.json"):
        Checkpoint.load(tmp_path, "cpu")
