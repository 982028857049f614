from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from modelcore.architecture import initialized
from modelcore.config import ModelConfig
from modelcore.generation import Sampling, chosen_token, uniform
from modelcore.hugging_face import write_model
from modelcore.inference import Checkpoint
from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = ModelConfig(vocab_size=300, num_layers=2, width=32, num_heads=4, num_kv_heads=2, hidden=48, context_length=48)
PROMPTS = ["the cat", "two birds and three fish swam under", "", "a", "one dog ran past two"]


@pytest.fixture
def checkpoint(tmp_path: Path, tokenizer_path: Path) -> Checkpoint:
    model = initialized(CONFIG, 6)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)
    write_model(tmp_path, model, tokenizer_path, 0)
    return Checkpoint.load(tmp_path, "cpu")


def test_greedy_tokens_are_those_of_transformers(checkpoint: Checkpoint) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(checkpoint.folder, dtype=torch.float32)
    for prompt, found in zip(PROMPTS, checkpoint.generate(PROMPTS, max_new_tokens=20), strict=True):
        ids = checkpoint.encode(prompt) or [0]
        expected = theirs.generate(
            torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), max_new_tokens=20, do_sample=False, pad_token_id=0
        )
        drawn = expected[0, len(ids) :].tolist()
        assert list(found.token_ids) == [token for token in drawn if token != 0]


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_a_text_does_not_depend_on_the_prompts_beside_it(checkpoint: Checkpoint, temperature: float) -> None:
    together = checkpoint.generate(PROMPTS, max_new_tokens=15, temperature=temperature, seed=4)
    assert checkpoint.generate(PROMPTS[::-1], max_new_tokens=15, temperature=temperature, seed=4) == together[::-1]
    assert [checkpoint.generate([prompt], max_new_tokens=15, temperature=temperature, seed=4)[0] for prompt in PROMPTS] == together
    # In batches the rounding may differ; here it does not reach a choice.
    assert checkpoint.generate(PROMPTS, max_new_tokens=15, temperature=temperature, seed=4, batch_size=3) == together


def test_seeds_give_different_texts_and_a_seed_always_the_same(checkpoint: Checkpoint) -> None:
    texts = [checkpoint.generate(["the cat"], max_new_tokens=10, temperature=1.0, seed=seed)[0].token_ids for seed in (0, 1, 2, 0)]
    assert len(set(texts)) == 3
    assert texts[0] == texts[3]


def test_a_stop_sequence_ends_the_text_before_it(checkpoint: Checkpoint) -> None:
    [free] = checkpoint.generate(["the cat"], max_new_tokens=12)
    stop = free.text[3:5]
    [stopped] = checkpoint.generate(["the cat"], max_new_tokens=12, stop=[stop, "never"])
    assert stopped.text == free.text[: free.text.index(stop)]
    assert stopped.finish == "stop"
    assert free.finish == "length"
    assert len(stopped.token_ids) < 12


def test_end_of_text_ends_a_text_and_is_no_part_of_it(checkpoint: Checkpoint) -> None:
    # The head is tied, so an end-of-text that points where every hidden state points always wins.
    with torch.no_grad():
        checkpoint.model.model.norm.weight.zero_()
    found = checkpoint.generate(["the cat", "a"], max_new_tokens=5)
    assert [(one.text, one.token_ids, one.finish) for one in found] == [("", (), "end_of_text")] * 2


def test_a_long_prompt_keeps_its_end_and_says_what_was_cut(checkpoint: Checkpoint) -> None:
    long = " ".join(["the cat sat on a mat"] * 12)
    num_tokens = len(checkpoint.encode(long))
    [found] = checkpoint.generate([long], max_new_tokens=8)
    assert found.num_cut_tokens == num_tokens - 40
    kept = checkpoint.decode(checkpoint.encode(long)[-40:])
    assert checkpoint.encode(kept) == checkpoint.encode(long)[-40:]
    assert checkpoint.generate([kept], max_new_tokens=8)[0].token_ids == found.token_ids


def test_no_prompts_are_no_texts(checkpoint: Checkpoint) -> None:
    assert checkpoint.generate([], max_new_tokens=3) == []


@pytest.mark.parametrize(
    "arguments", [{"max_new_tokens": 0}, {"max_new_tokens": 1, "top_p": 0.0}, {"max_new_tokens": 1, "temperature": -1.0}, {"max_new_tokens": 48}]
)
def test_settings_that_mean_nothing_are_refused(checkpoint: Checkpoint, arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="generate: max_new_tokens"):
        checkpoint.generate(["a"], **arguments)


def test_draws_follow_the_probabilities() -> None:
    # 20000 draws of four outcomes: chi-square with 3 degrees of freedom, 99.99% bound 21.
    shares = np.array([0.1, 0.4, 0.2, 0.3])
    counts = collections.Counter(chosen_token(np.log(shares), Sampling(max_new_tokens=1, temperature=1.0, seed=s), [1, 2], 0) for s in range(20_000))
    assert sum((counts[i] - 20_000 * share) ** 2 / (20_000 * share) for i, share in enumerate(shares)) < 21


def test_top_p_keeps_the_fewest_tokens_that_reach_it() -> None:
    logits = np.log(np.array([0.1, 0.4, 0.2, 0.3]))
    for top_p, kept in ((0.39, {1}), (0.6, {1, 3}), (0.75, {1, 3, 2}), (1.0, {0, 1, 2, 3})):
        drawn = {chosen_token(logits, Sampling(max_new_tokens=1, temperature=1.0, top_p=top_p, seed=s), [], 0) for s in range(300)}
        assert drawn == kept


def test_a_tie_goes_to_the_lowest_token() -> None:
    assert chosen_token(np.array([0.0, 2.0, 2.0]), Sampling(max_new_tokens=1), [], 0) == 1


def test_uniform_numbers_lie_in_the_unit_interval_and_differ_by_place() -> None:
    numbers = [uniform(0, [1, 2, 3], place) for place in range(2000)]
    assert 0.0 <= min(numbers) < 0.01
    assert 0.99 < max(numbers) < 1.0
    assert len(set(numbers)) == 2000
