"""A trained model answering: log-likelihoods and continuations.

Shapes: B rows, T time, D width, N scored tokens, V vocabulary.
"""
# ruff: noqa: N806 - shapes live in names

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from modelcore.architecture import LanguageModel
from modelcore.checkpoint import STATE
from modelcore.device import chosen_device
from modelcore.generation import Generated, Sampling, generate
from modelcore.hugging_face import read_json, read_model
from modelcore.tokenizer import read_tokenizer
from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modelcore.config import ModelConfig

Pair = tuple[tuple[int, ...], tuple[int, ...]]
_PADDING: Final = 0  # any token will do: what stands on the right is seen by nobody on the left


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Log-likelihood of a continuation, in nats, summed over its tokens; ``is_greedy``: each of them was the most likely one."""

    logprob_nats: float
    is_greedy: bool
    num_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A model ready to answer, with its tokenizer. ``plan_sha256`` is None for a folder that no training run here wrote."""

    folder: Path
    model: LanguageModel
    tokenizer: Tokenizer
    end_of_text: int
    device: torch.device
    step: int | None
    plan_sha256: str | None

    @classmethod
    def load(cls, folder: Path, device: str = "auto") -> Checkpoint:
        """Reads a checkpoint, or any plain Llama folder with one model.safetensors and a tokenizer.json.

        Raises:
            InputError: the folder holds no such model.
            ConfigError: cuda was asked for and is absent.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}: no such checkpoint; name a folder such as step-00000100 below a training run's")
        place = chosen_device(device)
        model, end_of_text = read_model(folder)
        state = read_json(folder / STATE) if (folder / STATE).exists() else {}
        return cls(
            folder=folder, model=model.to(place).eval(), tokenizer=read_tokenizer(folder / "tokenizer.json"), end_of_text=end_of_text, device=place,
            step=state.get("step"), plan_sha256=state.get("plan_sha256"),
        )  # fmt: skip

    @property
    def config(self) -> ModelConfig:
        """Sizes of the model."""
        return self.model.config

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, nothing added."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, token_ids: Sequence[int]) -> str:
        """Text of token ids; bytes that are no UTF-8 become U+FFFD, end-of-text nothing."""
        return str(self.tokenizer.decode(list(token_ids), skip_special_tokens=True))

    def loglikelihood(self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]], max_batch_tokens: int = 4096) -> list[Scored]:
        """Log-likelihood of each continuation after its context, in the order given.

        An empty context is an end-of-text, as between documents in training. A context that does not fit is cut on its left. Equal pairs are
        computed once, and batches are cut from pairs sorted by length and content, so the order of the pairs changes no bit;
        ``max_batch_tokens`` (padding included) changes the rounding only.

        Raises:
            InputError: a continuation is longer than the context length; cut it into windows first.
        """
        prepared = [self._prepared(context, continuation) for context, continuation in pairs]
        distinct = sorted({pair for pair in prepared if pair[1]}, key=lambda pair: (len(pair[0]) + len(pair[1]), pair))
        scored: dict[Pair, Scored] = {}
        for batch in _batches(distinct, max_batch_tokens):
            scored.update(zip(batch, self._score(batch), strict=True))
        nothing = Scored(logprob_nats=0.0, is_greedy=True, num_tokens=0)
        return [scored[pair] if pair[1] else nothing for pair in prepared]

    def generate(
        self,
        prompts: Sequence[str],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 0,
        batch_size: int = 1,
    ) -> list[Generated]:
        """A continuation of each prompt; greedy unless a temperature is given.

        A text depends on its prompt, the seed and the parameters. With ``batch_size`` 1 nothing else changes a bit; with more it is faster, and
        the prompts beside it change the rounding. For several samples of a prompt, ask with several seeds.

        Raises:
            InputError: ``max_new_tokens`` leaves no room for a prompt.
        """
        sampling = Sampling(temperature=temperature, top_p=top_p, seed=seed, stop=tuple(stop), max_new_tokens=max_new_tokens)
        ids = [self.encode(prompt) or [self.end_of_text] for prompt in prompts]
        return generate(self.model, ids, sampling, end_of_text=self.end_of_text, decode=self.decode, batch_size=batch_size)

    def _prepared(self, context: Sequence[int], continuation: Sequence[int]) -> Pair:
        room = self.config.context_length
        if len(continuation) > room:
            raise InputError(f"a continuation of {len(continuation)} tokens does not fit the context of {room}; cut it into windows first")
        held = tuple(context) or (self.end_of_text,)
        # The last token is never read, only predicted, so one more than the context length has a place.
        return held[-(room + 1 - len(continuation)) :], tuple(continuation)

    @torch.inference_mode()
    def _score(self, batch: Sequence[Pair]) -> list[Scored]:
        rows = [context + continuation for context, continuation in batch]
        width = max(len(row) for row in rows) - 1
        tokens_BT = torch.tensor([[*row[:-1], *[_PADDING] * (width - len(row) + 1)] for row in rows], device=self.device)
        places = [(row, len(context) - 1 + i) for row, (context, continuation) in enumerate(batch) for i in range(len(continuation))]
        row_N, time_N = torch.tensor(places, device=self.device).T
        targets_N = torch.tensor([token for _, continuation in batch for token in continuation], device=self.device)
        logits_NV = functional.linear(self.model.hidden(tokens_BT)[row_N, time_N], self.model.head_weight).float()
        # logsumexp keeps a digit or two more than log_softmax over a large vocabulary.
        target_N = logits_NV.gather(1, targets_N[:, None]).squeeze(1)
        logprob_N = (target_N - logits_NV.logsumexp(dim=1)).double().cpu().numpy()
        greedy_N = (logits_NV.argmax(dim=1) == targets_N).cpu().numpy()
        ends = np.cumsum([len(continuation) for _, continuation in batch]).tolist()
        return [
            Scored(logprob_nats=float(logprob_N[begin:end].sum()), is_greedy=bool(greedy_N[begin:end].all()), num_tokens=end - begin)
            for begin, end in zip([0, *ends[:-1]], ends, strict=True)
        ]


def _batches(pairs: Sequence[Pair], max_batch_tokens: int) -> Iterator[list[Pair]]:
    """Cuts pairs, shortest first, so that rows times the longest stay within the bound, but for single rows that do not."""
    batch: list[Pair] = []
    for pair in pairs:
        if batch and (len(batch) + 1) * (len(pair[0]) + len(pair[1])) > max_batch_tokens:
            yield batch
            batch = []
        batch.append(pair)
    if batch:
        yield batch
