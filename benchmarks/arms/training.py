"""What both arms of the stage training share: sizes, tokens and the update. A million tokens stand for a megabyte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from modelcore.architecture import initialized
from modelcore.config import ModelConfig

if TYPE_CHECKING:
    from protocol import Arm

SIZES = ModelConfig(vocab_size=8192, num_layers=6, width=256, num_heads=4, num_kv_heads=4, hidden=640, context_length=256, tie_embeddings=True)
BATCH_ROWS, WARM_UP_STEPS, STEPS = 8, 3, 15


def first_weights() -> torch.nn.Module:
    """Our decoder as both arms begin."""
    return initialized(SIZES, seed=0)


def train(arm: Arm, model: torch.nn.Module, loss_of) -> None:
    """Updates in fp32 by the same fused AdamW on the same tokens; the first few only warm up."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    generator, losses = torch.Generator().manual_seed(1), []

    def step() -> None:
        tokens = torch.randint(0, SIZES.vocab_size, (BATCH_ROWS, SIZES.context_length + 1), generator=generator).clamp_(max=999)
        loss = loss_of(model, tokens)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())

    for _ in range(WARM_UP_STEPS):
        step()
    with arm.timed():
        for _ in range(STEPS):
            step()
    arm.num_bytes = STEPS * BATCH_ROWS * SIZES.context_length
    arm.finish(losses=losses)
