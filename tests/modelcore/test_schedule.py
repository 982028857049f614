from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, Literal

import pytest

from modelcore.config import TrainConfig
from modelcore.schedule import learning_rate

CONFIG = TrainConfig(max_steps=100, warmup_steps=10, learning_rate=2.0, decay_ratio=0.2, final_learning_rate_ratio=0.1)


@pytest.mark.parametrize("schedule", ["wsd", "cosine"])
def test_the_rate_rises_over_the_warm_up_and_ends_at_its_share(schedule: Literal["wsd", "cosine"]) -> None:
    config = replace(CONFIG, schedule=schedule)
    rates = [learning_rate(config, step) for step in range(1, 101)]
    assert rates[0] == pytest.approx(0.2)
    assert rates[9] == max(rates) == 2.0
    assert rates[-1] == pytest.approx(0.2)
    assert all(a >= b for a, b in itertools.pairwise(rates[9:]))


def test_wsd_is_flat_until_its_decay_and_then_falls_as_one_minus_root() -> None:
    assert learning_rate(CONFIG, 80) == 2.0
    assert learning_rate(CONFIG, 85) == pytest.approx(2.0 * (1 - 0.9 * 0.5))


def test_cosine_is_halfway_in_the_middle() -> None:
    assert learning_rate(replace(CONFIG, schedule="cosine"), 55) == pytest.approx(2.0 * 0.55)


@pytest.mark.parametrize("change", [{"warmup_steps": 0}, {"warmup_steps": 100}, {"decay_ratio": 0.0}, {"decay_ratio": 1.0}])
def test_extremes_give_rates_within_bounds(change: dict[str, Any]) -> None:
    for schedule in ("wsd", "cosine"):
        config = replace(CONFIG, schedule=schedule, **change)
        assert all(0.0 < learning_rate(config, step) <= 2.0 for step in range(1, 101))
