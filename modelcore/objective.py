"""The training loss: cross-entropy in nats, summed over tokens.

Shapes: N tokens, D width, V vocabulary.
"""
# ruff: noqa: N803, N806 - shapes live in names

from __future__ import annotations

from typing import Any, Final, cast

import torch
from torch import Tensor

# Logits of this many tokens exist at a time: 8 MB at a vocabulary of 4096. Here 1024 was no faster.
_CHUNK_TOKENS: Final = 512


class _LinearCrossEntropy(torch.autograd.Function):
    # The gradient of a cross-entropy is known as soon as its logits are, so both are taken in one pass and the logits forgotten.

    @staticmethod
    def forward(ctx: Any, hidden_ND: Tensor, weight_VD: Tensor, targets_N: Tensor) -> tuple[Tensor, Tensor]:
        weight = weight_VD.to(hidden_ND.dtype)
        grad_hidden_ND, grad_weight_VD = torch.empty_like(hidden_ND), torch.zeros_like(weight_VD)
        nats_N = torch.empty(hidden_ND.shape[0], dtype=torch.float32, device=hidden_ND.device)
        for start in range(0, hidden_ND.shape[0], _CHUNK_TOKENS):
            chunk = slice(start, start + _CHUNK_TOKENS)
            hidden, targets_n1 = hidden_ND[chunk], targets_N[chunk, None]
            logits_nV = (hidden @ weight.T).float()
            logsumexp_n1 = logits_nV.logsumexp(dim=1, keepdim=True)
            nats_N[chunk] = (logsumexp_n1 - logits_nV.gather(1, targets_n1)).squeeze(1)
            grad_nV = logits_nV.sub_(logsumexp_n1).exp_()
            grad_nV.scatter_add_(1, targets_n1, grad_nV.new_full(targets_n1.shape, -1.0))
            grad_nV = grad_nV.to(hidden.dtype)
            grad_hidden_ND[chunk] = grad_nV @ weight
            grad_weight_VD += grad_nV.T @ hidden
        ctx.save_for_backward(grad_hidden_ND, grad_weight_VD)
        ctx.mark_non_differentiable(nats_N)
        return nats_N.sum(), nats_N

    @staticmethod
    def backward(ctx: Any, grad_sum: Tensor, _: Tensor) -> tuple[Tensor, Tensor, None]:
        grad_hidden_ND, grad_weight_VD = ctx.saved_tensors
        return grad_hidden_ND * grad_sum, grad_weight_VD * grad_sum, None


def cross_entropy(hidden_ND: Tensor, weight_VD: Tensor, targets_N: Tensor) -> tuple[Tensor, Tensor]:
    """Sum of the losses, to be differentiated, and the loss of each token (N, not differentiable), both in nats.

    Logits are taken in the type of ``hidden_ND``, the softmax in float32.
    """
    return cast("tuple[Tensor, Tensor]", _LinearCrossEntropy.apply(hidden_ND, weight_VD, targets_N))  # type: ignore[no-untyped-call]
