"""Continuing prompts, token by token, with a key-value cache.

Shapes: B rows, T time, V vocabulary.
"""
# ruff: noqa: N803, N806 - shapes live in names

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import torch
from torch.nn import functional

from modelcore.architecture import KeyValueCache
from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from modelcore.architecture import LanguageModel

Finish = Literal["stop", "end_of_text", "length"]
_DRAW_BYTES: Final = 7  # 53 bits, all that a double between 0 and 1 has


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How tokens are chosen. Temperature 0 takes the most likely; ``top_p`` keeps the fewest whose share reaches it (Holtzman et al. 2020)."""

    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Rejects values that mean nothing."""
        if self.max_new_tokens < 1 or self.temperature < 0 or not 0 < self.top_p <= 1 or "" in self.stop:
            raise InputError(
                f"generate: max_new_tokens {self.max_new_tokens} must be 1 or more, temperature {self.temperature} 0 or more, "
                f"top_p {self.top_p} above 0 and at most 1, and no stop sequence empty"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A continuation. ``text`` ends before the stop sequence; ``token_ids`` are all that were drawn; ``num_cut_tokens`` of the prompt had no room."""

    text: str
    token_ids: tuple[int, ...]
    finish: Finish
    num_cut_tokens: int


def generate(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    sampling: Sampling,
    *,
    end_of_text: int,
    decode: Callable[[Sequence[int]], str],
    batch_size: int,
) -> list[Generated]:
    """A continuation of each prompt (not empty), in the order given; prompts of like length go together, the shorter padded on the left."""
    room = model.config.context_length - sampling.max_new_tokens
    if room < 1:
        raise InputError(
            f"generate: max_new_tokens {sampling.max_new_tokens} leaves no room for a prompt in a context of {model.config.context_length}; "
            "ask for fewer"
        )
    rows = [_Row(list(prompt[-room:]), max(0, len(prompt) - room), sampling) for prompt in prompts]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].prompt))
    for start in range(0, len(order), batch_size):
        _continue(model, [rows[i] for i in order[start : start + batch_size]], end_of_text, decode)
    return [row.result(decode) for row in rows]


class _Row:
    """A continuation under way."""

    def __init__(self, prompt: list[int], num_cut_tokens: int, sampling: Sampling) -> None:
        self.prompt, self.num_cut_tokens, self.sampling = prompt, num_cut_tokens, sampling
        self.drawn: list[int] = []
        self.finish: Finish | None = None
        self.text = ""

    def add(self, logits_V: NDArray[np.float64], end_of_text: int, decode: Callable[[Sequence[int]], str]) -> int:
        token = chosen_token(logits_V, self.sampling, self.prompt, len(self.drawn))
        if token == end_of_text:
            self.finish = "end_of_text"
            return token
        self.drawn.append(token)
        self.text = decode(self.drawn) if self.sampling.stop else ""
        if any(stop in self.text for stop in self.sampling.stop):
            self.finish = "stop"
        elif len(self.drawn) == self.sampling.max_new_tokens:
            self.finish = "length"
        return token

    def result(self, decode: Callable[[Sequence[int]], str]) -> Generated:
        text = decode(self.drawn)
        ends = [text.find(stop) for stop in self.sampling.stop if stop in text]
        shown = text[: min(ends)] if ends else text
        return Generated(text=shown, token_ids=tuple(self.drawn), finish=self.finish or "length", num_cut_tokens=self.num_cut_tokens)


@torch.inference_mode()
def _continue(model: LanguageModel, rows: Sequence[_Row], end_of_text: int, decode: Callable[[Sequence[int]], str]) -> None:
    width = max(len(row.prompt) for row in rows)
    pads = [width - len(row.prompt) for row in rows]
    device = model.head_weight.device
    tokens_BT = torch.tensor([[end_of_text] * pad + row.prompt for pad, row in zip(pads, rows, strict=True)], device=device)
    cache = KeyValueCache.empty(model.config, model.head_weight, len(rows), torch.tensor(pads, device=device) if any(pads) else None)
    while True:
        logits_BV = functional.linear(model.hidden(tokens_BT, cache)[:, -1], model.head_weight).double().cpu().numpy()
        # A row that is done keeps its place until all are, fed with end-of-text, which nobody reads.
        following = [end_of_text if row.finish else row.add(logits_BV[i], end_of_text, decode) for i, row in enumerate(rows)]
        if all(row.finish for row in rows):
            return
        tokens_BT = torch.tensor(following, device=device)[:, None]


def chosen_token(logits_V: NDArray[np.float64], sampling: Sampling, prompt: Sequence[int], place: int) -> int:
    """The next token; of equally likely ones the lowest.

    The draw is a hash of seed, prompt and place, so it does not depend on what is generated beside it or was before.
    """
    if sampling.temperature == 0.0:
        return int(logits_V.argmax())
    scaled = logits_V / sampling.temperature
    order = np.argsort(-scaled, kind="stable")
    shares = np.cumsum(np.exp(scaled[order] - scaled[order[0]]))
    num_kept = int(np.searchsorted(shares, sampling.top_p * shares[-1])) + 1
    draw = uniform(sampling.seed, prompt, place) * shares[min(num_kept, len(shares)) - 1]
    return int(order[min(int(np.searchsorted(shares, draw, side="right")), len(shares) - 1)])


def uniform(seed: int, prompt: Sequence[int], place: int) -> float:
    """A number in [0, 1) that the arguments decide."""
    text = json.dumps([seed, list(prompt), place])
    bits = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=_DRAW_BYTES).digest(), "big") >> (8 * _DRAW_BYTES - 53)
    return bits / (1 << 53)
