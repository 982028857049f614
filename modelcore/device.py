"""Where tensors live."""

from __future__ import annotations

import torch

from pipelines.contract.errors import ConfigError


def chosen_device(name: str) -> torch.device:
    """The device of a name; ``auto`` is cuda where there is one.

    Raises:
        ConfigError: cuda was asked for and is absent.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device: cuda was asked for, but PyTorch sees none; use auto or cpu")
    return torch.device("cuda" if name == "cuda" or (name == "auto" and torch.cuda.is_available()) else "cpu")
