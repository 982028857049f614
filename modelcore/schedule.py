"""The learning rate of a step, from the step alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelcore.config import TrainConfig


def learning_rate(config: TrainConfig, step: int) -> float:
    """Rate of a step, 1 .. max_steps: a linear rise over the warm-up, then down to ``final_learning_rate_ratio`` of the peak at max_steps.

    ``wsd`` stays at the peak and falls as 1 - sqrt in the last ``decay_ratio`` of the steps (Hägele et al. 2024, section 3); ``cosine`` falls all
    the way (Loshchilov and Hutter 2017).
    """
    if step <= config.warmup_steps:
        return config.learning_rate * step / config.warmup_steps
    final = config.final_learning_rate_ratio
    if config.schedule == "cosine":
        done_ratio = (step - config.warmup_steps) / max(1, config.max_steps - config.warmup_steps)
        return config.learning_rate * (final + (1 - final) * (1 + math.cos(math.pi * min(1.0, done_ratio))) / 2)
    num_decay_steps = config.max_steps * config.decay_ratio
    done_ratio = (step - (config.max_steps - num_decay_steps)) / num_decay_steps if num_decay_steps else 0.0
    return config.learning_rate * (1 - (1 - final) * math.sqrt(min(1.0, max(0.0, done_ratio))))
