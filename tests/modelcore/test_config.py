from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from modelcore.config import ModelConfig, TrainConfig
from pipelines.contract.config import decode
from pipelines.contract.errors import ConfigError


def test_a_run_file_sets_what_it_names_and_leaves_the_rest() -> None:
    table = tomllib.loads('max_steps = 7\nschedule = "cosine"\nlearning_rate = 1\n[model]\nwidth = 64\nnum_heads = 4\n')
    config = decode(TrainConfig, table, "demo.toml: train")
    assert config == TrainConfig(max_steps=7, schedule="cosine", learning_rate=1.0, model=ModelConfig(width=64, num_heads=4))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"max_step": 7}, "max_step: unknown key; did you mean .max_steps"),
        ({"model": {"width": 100}}, "train.model: width 100 must be a multiple of 2 x num_heads"),
        ({"model": {"num_kv_heads": 3}}, "num_heads 4 must be a multiple of num_kv_heads 3"),
        ({"batch_tokens": 1000}, "batch_tokens 1000 must be a multiple of model.context_length 256"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0"),
        ({"warmup_steps": -1}, "warmup_steps is -1"),
        ({"beta2": 1.5}, "beta2 is 1.5"),
        ({"beta1": 1.0}, "beta1 is 1.0"),
        ({"max_seconds": 0.0}, "max_seconds is 0.0"),
        ({"model": {"vocab_size": -1}}, "vocab_size is -1"),
        ({"device": "tpu"}, "device: got 'tpu'"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_its_place(table: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        decode(TrainConfig, table, "demo.toml: train")


def test_reporting_and_machines_are_no_part_of_the_recipe_but_everything_else_is() -> None:
    base = TrainConfig()
    same = replace(base, log_every_steps=1, checkpoint_every_steps=9, num_threads=2, device="cpu", micro_batch_rows=1, max_seconds=9.0)
    assert same.recipe_sha256 == base.recipe_sha256
    for change in ({"learning_rate": 1.0}, {"seed": 1}, {"max_steps": 9}, {"model": ModelConfig(num_layers=1)}, {"weight_decay": 0.0}):
        assert replace(base, **change).recipe_sha256 != base.recipe_sha256
