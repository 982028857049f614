"""AdamW, and its state as named tensors, so that a checkpoint needs no pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from pipelines.contract.errors import CorruptFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from modelcore.config import TrainConfig

_STATES: Final = ("exp_avg", "exp_avg_sq", "step")


def adamw(model: nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter 2019), fused; matrices decay, norms do not. The rate is set before each step."""
    parameters = [p for _, p in sorted(model.named_parameters())]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(config.beta1, config.beta2), eps=1e-8, fused=True)


def state_tensors(model: nn.Module, optimizer: torch.optim.AdamW) -> dict[str, Tensor]:
    """The state as PARAMETER.exp_avg, .exp_avg_sq and .step."""
    return {f"{name}.{key}": optimizer.state[p][key].cpu() for name, p in model.named_parameters() if p in optimizer.state for key in _STATES}


def load_state_tensors(model: nn.Module, optimizer: torch.optim.AdamW, tensors: Mapping[str, Tensor], where: str) -> None:
    """Puts a state back.

    Raises:
        CorruptFile: a tensor is missing or has another shape.
    """
    for name, parameter in model.named_parameters():
        state: dict[str, Tensor] = {}
        for key in _STATES:
            tensor = tensors.get(f"{name}.{key}")
            if tensor is None or (key != "step" and tensor.shape != parameter.shape):
                raise CorruptFile(f"{where}: lacks the optimizer state {name}.{key}; delete this checkpoint and train again from the one before")
            # Copied into memory that PyTorch laid out itself: a mapped file may be aligned otherwise, and vector code then rounds otherwise.
            state[key] = tensor.clone() if key == "step" else torch.empty_like(parameter, requires_grad=False).copy_(tensor)
        if state["step"].ndim == 0 and parameter.device.type != "cpu":
            state["step"] = state["step"].to(parameter.device)
        optimizer.state[parameter] = state
