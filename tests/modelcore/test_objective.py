from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from modelcore.objective import cross_entropy


@pytest.mark.parametrize("num_tokens", [1, 512, 1300])
def test_loss_and_gradients_are_those_of_the_plain_cross_entropy(num_tokens: int) -> None:
    generator = torch.Generator().manual_seed(num_tokens)
    hidden = torch.randn(num_tokens, 24, generator=generator, dtype=torch.float32)
    weight = torch.randn(90, 24, generator=generator)
    targets = torch.randint(90, (num_tokens,), generator=generator)
    grads = []
    losses = []
    for ours in (True, False):
        h, w = hidden.clone().requires_grad_(), weight.clone().requires_grad_()
        total, nats = cross_entropy(h, w, targets) if ours else (functional.cross_entropy(h @ w.T, targets, reduction="sum"), None)
        torch.autograd.backward(total * 0.37)
        losses.append(total.item())
        grads.append((h.grad, w.grad))
        if nats is not None:
            assert torch.allclose(nats, functional.cross_entropy(hidden @ weight.T, targets, reduction="none"), atol=2e-5)
            assert not nats.requires_grad
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    for mine, theirs in zip(*grads, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5, rtol=1e-4)


def test_a_confident_model_loses_nothing_and_overflows_nowhere() -> None:
    total, nats = cross_entropy(torch.tensor([[1e4, 0.0]]), torch.eye(2), torch.tensor([0]))
    assert total.item() == 0.0
    assert nats.tolist() == [0.0]


def test_half_precision_hidden_states_are_scored_in_single_precision() -> None:
    generator = torch.Generator().manual_seed(0)
    hidden, weight = torch.randn(40, 8, generator=generator), torch.randn(50, 8, generator=generator)
    targets = torch.randint(50, (40,), generator=generator)
    h, w = hidden.bfloat16().requires_grad_(), weight.clone().requires_grad_()
    total, nats = cross_entropy(h, w, targets)
    torch.autograd.backward(total)
    assert nats.dtype == torch.float32
    assert h.grad is not None
    assert h.grad.dtype == torch.bfloat16
    assert w.grad is not None
    assert w.grad.dtype == torch.float32
    assert total.item() == pytest.approx(functional.cross_entropy(hidden @ weight.T, targets, reduction="sum").item(), rel=0.01)
