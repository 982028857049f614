"""A decoder of the Llama family: rotary positions, RMS norms, SwiGLU, grouped queries. Parameter names are those of transformers.

Shapes: B batch, T time (tokens given now), S time (tokens attended to), D width, H heads, G key-value heads, K head dim, V vocabulary.
"""
# ruff: noqa: N803, N806, N815 - shapes live in names

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from modelcore.config import ModelConfig


@dataclass(slots=True)
class KeyValueCache:
    """Keys and values of the tokens seen so far, one pair of B G S K tensors a layer, with room up to the context length.

    ``pads_B`` counts the padding tokens on the left of each row; None means that no row is padded.
    """

    keys: list[Tensor]
    values: list[Tensor]
    pads_B: Tensor | None = None
    length: int = 0

    @classmethod
    def empty(cls, config: ModelConfig, like: Tensor, num_rows: int, pads_B: Tensor | None = None) -> KeyValueCache:
        """Room for ``num_rows`` sequences, on the device and in the type of ``like``."""
        shape = (num_rows, config.num_kv_heads, config.context_length, config.head_dim)
        rooms = [like.new_zeros(shape) for _ in range(2 * config.num_layers)]
        return cls(keys=rooms[::2], values=rooms[1::2], pads_B=pads_B)

    def extended(self, layer: int, keys_BGTK: Tensor, values_BGTK: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values of a layer, the new ones included. ``length`` moves once a pass, not here."""
        end = self.length + keys_BGTK.shape[2]
        self.keys[layer][:, :, self.length : end] = keys_BGTK
        self.values[layer][:, :, self.length : end] = values_BGTK
        return self.keys[layer][:, :, :end], self.values[layer][:, :, :end]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the tokens of a pass stand: their rotation (T K or B 1 T K), and who may see whom (B 1 T S, or None for plainly causal or all)."""

    cos: Tensor
    sin: Tensor
    mask: Tensor | None
    is_causal: bool


class RMSNorm(nn.Module):
    """Root-mean-square norm (Zhang and Sennrich 2019)."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x_BTD: Tensor) -> Tensor:
        """The same shape, each vector of length sqrt(D) times the weight."""
        return functional.rms_norm(x_BTD, self.weight.shape, self.weight, self.eps)


class Attention(nn.Module):
    """Causal attention in which several query heads share a key-value head (Ainslie et al. 2023)."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.head_dim, self.num_groups = layer, config.head_dim, config.num_heads // config.num_kv_heads
        self.q_proj = nn.Linear(config.width, config.num_heads * config.head_dim, bias=False)
        self.k_proj = nn.Linear(config.width, config.num_kv_heads * config.head_dim, bias=False)
        self.v_proj = nn.Linear(config.width, config.num_kv_heads * config.head_dim, bias=False)
        self.o_proj = nn.Linear(config.num_heads * config.head_dim, config.width, bias=False)

    def forward(self, x_BTD: Tensor, places: Places, cache: KeyValueCache | None) -> Tensor:
        """What each token takes from those before it, B T D."""
        q_BHTK = rotated(self._heads(self.q_proj(x_BTD)), places)
        k_BGSK = rotated(self._heads(self.k_proj(x_BTD)), places)
        v_BGSK = self._heads(self.v_proj(x_BTD))
        if cache is not None:
            k_BGSK, v_BGSK = cache.extended(self.layer, k_BGSK, v_BGSK)
        k_BHSK, v_BHSK = (x.repeat_interleave(self.num_groups, dim=1) if self.num_groups > 1 else x for x in (k_BGSK, v_BGSK))
        y_BHTK = functional.scaled_dot_product_attention(q_BHTK, k_BHSK, v_BHSK, attn_mask=places.mask, is_causal=places.is_causal)
        out: Tensor = self.o_proj(y_BHTK.transpose(1, 2).flatten(2))
        return out

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], -1, self.head_dim).transpose(1, 2)


class SwiGLU(nn.Module):
    """Gated feed-forward part (Shazeer 2020)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.width, config.hidden, bias=False)
        self.up_proj = nn.Linear(config.width, config.hidden, bias=False)
        self.down_proj = nn.Linear(config.hidden, config.width, bias=False)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """The same shape."""
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(x_BTD)) * self.up_proj(x_BTD))
        return out


class Layer(nn.Module):
    """Attention, then the feed-forward part, each normed before and added after."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.width, config.norm_eps)
        self.self_attn = Attention(config, layer)
        self.post_attention_layernorm = RMSNorm(config.width, config.norm_eps)
        self.mlp = SwiGLU(config)

    def forward(self, x_BTD: Tensor, places: Places, cache: KeyValueCache | None) -> Tensor:
        """The same shape."""
        x_BTD = x_BTD + self.self_attn(self.input_layernorm(x_BTD), places, cache)
        out: Tensor = x_BTD + self.mlp(self.post_attention_layernorm(x_BTD))
        return out


class Trunk(nn.Module):
    """Everything below the head."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.width)
        self.layers = nn.ModuleList(Layer(config, layer) for layer in range(config.num_layers))
        self.norm = RMSNorm(config.width, config.norm_eps)

    def forward(self, tokens_BT: Tensor, places: Places, cache: KeyValueCache | None) -> Tensor:
        """Hidden states B T D."""
        x_BTD: Tensor = self.embed_tokens(tokens_BT)
        for layer in self.layers:
            x_BTD = layer(x_BTD, places, cache)
        out: Tensor = self.norm(x_BTD)
        return out


class LanguageModel(nn.Module):
    """Next-token logits. ``hidden`` and ``head_weight`` stand apart so that the loss never holds all logits at once."""

    cos_SK: Tensor
    sin_SK: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Trunk(config)
        if not config.tie_embeddings:
            self.lm_head = nn.Linear(config.width, config.vocab_size, bias=False)
        cos_SK, sin_SK = rotation(config.context_length, config.head_dim, config.rope_theta)
        self.register_buffer("cos_SK", cos_SK, persistent=False)
        self.register_buffer("sin_SK", sin_SK, persistent=False)

    @property
    def head_weight(self) -> Tensor:
        """Weight of the head, V D: the embedding itself if they are tied."""
        return self.model.embed_tokens.weight if self.config.tie_embeddings else self.lm_head.weight

    @property
    def num_parameters(self) -> int:
        """Number of trained numbers; a tied head counts once."""
        return sum(p.numel() for p in self.parameters())

    def hidden(self, tokens_BT: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """Hidden states B T D; with a cache, the tokens go on where it ends.

        Raises:
            InputError: more tokens than the context has room for.
        """
        hidden_BTD: Tensor = self.model(tokens_BT, self._places(tokens_BT.shape[1], cache), cache)
        if cache is not None:
            cache.length += tokens_BT.shape[1]
        return hidden_BTD

    def forward(self, tokens_BT: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """Logits B T V."""
        return functional.linear(self.hidden(tokens_BT, cache), self.head_weight)

    def _places(self, num_new: int, cache: KeyValueCache | None) -> Places:
        start, pads_B = (cache.length, cache.pads_B) if cache is not None else (0, None)
        end = start + num_new
        if end > self.config.context_length:
            raise InputError(f"a sequence of {end} tokens does not fit the model's context of {self.config.context_length}; cut it first")
        if pads_B is None:
            mask = causal_mask(start, end, None, self.cos_SK.device) if start and num_new > 1 else None
            return Places(self.cos_SK[start:end], self.sin_SK[start:end], mask, is_causal=start == 0 and num_new > 1)
        places_BT = (torch.arange(start, end, device=pads_B.device) - pads_B[:, None]).clamp(min=0)
        mask = causal_mask(start, end, pads_B, pads_B.device)
        return Places(self.cos_SK[places_BT][:, None], self.sin_SK[places_BT][:, None], mask, is_causal=False)


def rotation(length: int, head_dim: int, theta: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary positions (Su et al. 2021), S K; the two halves of a head are its pairs, as in transformers."""
    frequency_K2 = 1.0 / theta ** (torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim)
    angle_SK = torch.outer(torch.arange(length, dtype=torch.float32), frequency_K2).repeat(1, 2)
    return angle_SK.cos(), angle_SK.sin()


def rotated(x_BHTK: Tensor, places: Places) -> Tensor:
    """Queries or keys turned by their positions."""
    first, second = x_BHTK.chunk(2, dim=-1)
    return x_BHTK * places.cos + torch.cat((-second, first), dim=-1) * places.sin


def causal_mask(start: int, end: int, pads_B: Tensor | None, device: torch.device) -> Tensor:
    """True where a token at ``start``.. may see one at 0.., T S or B 1 T S.

    A padding token sees itself, so that no row of the softmax is empty; nobody else sees it.
    """
    queries_T1, keys_S = torch.arange(start, end, device=device)[:, None], torch.arange(end, device=device)
    causal_TS = keys_S <= queries_T1
    if pads_B is None:
        return causal_TS
    return (causal_TS & ((keys_S >= pads_B[:, None, None]) | (keys_S == queries_T1)))[:, None]


def initialized(config: ModelConfig, seed: int) -> LanguageModel:
    """A model with normal weights of deviation 0.02, the two that add to the residual divided by sqrt(2 layers) (Radford et al. 2019, 2.3).

    Drawn on the CPU in the order of the names, so a seed means the same weights on every device.
    """
    model, generator = LanguageModel(config), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if parameter.ndim > 1:
                adds_to_residual = name.endswith(("o_proj.weight", "down_proj.weight"))
                parameter.normal_(0.0, 0.02 / math.sqrt(2 * config.num_layers) if adds_to_residual else 0.02, generator=generator)
    return model
