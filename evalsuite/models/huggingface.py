"""A causal language model in a local folder, through transformers. Nothing is fetched, and no code of the folder is run.

Shapes: B rows, T time, N scored tokens, V vocabulary.
"""
# ruff: noqa: N803, N806 - shapes live in names

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, StoppingCriteriaList

from evalsuite.base import Scored, models
from evalsuite.identity import folder_identity
from evalsuite.windows import encode_pair, score_windowed
from pipelines.contract.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from evalsuite.base import GenerateRequest, LoglikelihoodRequest, RollingRequest
    from evalsuite.windows import Window

_ANSWERS: Final = (".json", ".jinja", ".model", ".txt", ".safetensors")  # files that decide what a model answers
_FIRST_BUFFERS: Final = 1024  # positions that a model without a stated context length is trusted with


@models("huggingface")
@dataclass(frozen=True, kw_only=True)
class HuggingFace:
    """A folder that ``AutoModelForCausalLM`` loads, in float32.

    Weights are safetensors: other formats are pickles, which run code when they are read. Code that stands in the folder is never run.
    Log-likelihoods are those of lm-evaluation-harness, but that a tokenizer which begins every text with a token of its own gets it once in
    rolling windows, not twice.
    ``path`` is read with ``local_files_only``; ``max_length`` is the context length where the configuration's is not to be used.
    ``batch_tokens`` bounds rows times the longest of them; it changes the rounding only.
    """

    version: ClassVar[int] = 2
    path: Path  # a folder that transformers loads; nothing is fetched
    title: str = ""  # name in scores; without one, that of the folder
    device: str = "auto"  # auto: a graphics card where there is one
    max_length: int | None = None  # context length, where it is not to be the configuration's
    batch_tokens: int = 4096  # rows times the longest of them at most; changes the rounding only

    @property
    def name(self) -> str:
        """Title, or the folder's name."""
        return self.title or self.path.name

    @cached_property
    def identity(self) -> str:
        """Hash of the folder's weights, configuration and tokenizer."""
        return folder_identity(self.path, _ANSWERS, f"huggingface/{self.version}/{self._max_length}")

    def loglikelihood(self, requests: Sequence[LoglikelihoodRequest]) -> list[Scored]:
        """Log-likelihood of each continuation; an empty context is the token that begins or ends a text."""
        encoded = [encode_pair(self._encode, request.context, request.continuation) for request in requests]
        # A tokenizer that begins every text with a token of its own gets it once, in front of the context.
        pairs = [([*self._begin, *context] or [self._prefix], continuation) for context, continuation in encoded]
        return score_windowed(pairs, self._max_length, self._score)

    def loglikelihood_rolling(self, requests: Sequence[RollingRequest]) -> list[Scored]:
        """Log-likelihood of each whole text, the first token after the one that begins or ends a text."""
        return score_windowed([([self._prefix], self._encode(request.text)) for request in requests], self._max_length, self._score)

    def generate(self, requests: Sequence[GenerateRequest]) -> list[str]:
        """A greedy continuation of each prompt, one at a time, so that no prompt changes the rounding of another."""
        return [self._continuation(request) for request in requests]

    @cached_property
    def _device(self) -> torch.device:
        if self.device == "cuda" and not torch.cuda.is_available():
            raise ConfigError("device cuda was asked for and there is none; use device auto or cpu")
        return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if self.device == "auto" else self.device)

    @cached_property
    def _model(self) -> Any:
        model = self._loaded(AutoModelForCausalLM.from_pretrained, dtype=torch.float32, use_safetensors=True)
        return model.to(self._device).eval()

    @cached_property
    def _tokenizer(self) -> Any:
        return self._loaded(AutoTokenizer.from_pretrained)

    def _loaded(self, load: Callable[..., Any], **options: Any) -> Any:
        if not self.path.is_dir():
            raise InputError(f"{self.path}: no such folder; name a model folder with config.json, weights and a tokenizer on this machine")
        try:
            # Said in full: left out, transformers asks on the terminal whether it may run the folder's code.
            return load(self.path, local_files_only=True, trust_remote_code=False, **options)
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise InputError(
                f"{self.path}: transformers cannot load a causal language model from it ({type(error).__name__}); it needs config.json, a tokenizer "
                "and weights as safetensors, and no code of its own"
            ) from None

    @cached_property
    def _begin(self) -> list[int]:
        first = self._tokenizer("").input_ids[:1]
        return list(first) if first and first[0] == self._tokenizer.bos_token_id else []

    @cached_property
    def _prefix(self) -> int:
        for token in (self._tokenizer.bos_token_id, self._tokenizer.eos_token_id):
            if token is not None:
                return int(token)
        raise InputError(f"{self.path}: the tokenizer has no token that begins or ends a text, so a first token cannot be scored")

    @cached_property
    def _max_length(self) -> int:
        stated = getattr(self._model.config, "max_position_embeddings", None) or getattr(self._model.config, "n_positions", None)
        return self.max_length or int(stated or _FIRST_BUFFERS)

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False, verbose=False).input_ids)

    def _score(self, windows: Sequence[Window]) -> list[Scored]:
        """Scores in order; equal windows once, in batches by length, so that the order of the requests changes no bit."""
        distinct = sorted(set(windows), key=lambda w: (len(w.context) + len(w.continuation), w.context, w.continuation))
        scored: dict[Window, Scored] = {}
        for batch in _batches(distinct, self.batch_tokens):
            scored.update(zip(batch, self._score_batch(batch), strict=True))
        return [scored[window] for window in windows]

    @torch.inference_mode()
    def _score_batch(self, batch: Sequence[Window]) -> list[Scored]:
        rows = [[*window.context, *window.continuation][:-1] for window in batch]
        width = max(map(len, rows))
        tokens_BT = torch.tensor([row + [0] * (width - len(row)) for row in rows], device=self._device)
        mask_BT = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=self._device)
        logits_BTV = self._model(input_ids=tokens_BT, attention_mask=mask_BT).logits
        found = []
        for logits_TV, window in zip(logits_BTV, batch, strict=True):
            start = len(window.context) - 1
            logits_NV = logits_TV[start : start + len(window.continuation)].double()
            target_N = torch.tensor(window.continuation, device=self._device)
            logprob_N = logits_NV.gather(1, target_N[:, None]).squeeze(1) - logits_NV.logsumexp(dim=1)
            greedy = bool((logits_NV.argmax(dim=1) == target_N).all())
            found.append(Scored(logprob_nats=float(logprob_N.sum()), is_greedy=greedy, num_tokens=len(window.continuation)))
        return found

    @torch.inference_mode()
    def _continuation(self, request: GenerateRequest) -> str:
        room = self._max_length - request.max_new_tokens
        if room < 1:
            raise ConfigError(f"max_new_tokens {request.max_new_tokens} leaves no room in a context of {self._max_length}; lower it")
        prompt = ([*self._begin, *self._encode(request.prompt)] or [self._prefix])[-room:]
        tokens_BT = torch.tensor([prompt], device=self._device)
        end = self._tokenizer.eos_token_id

        def stopped(input_ids_BT: torch.Tensor, _scores: Any, **_: Any) -> torch.Tensor:
            text = self._decode(input_ids_BT[0, len(prompt) :])
            return torch.tensor([any(stop in text for stop in request.stop)], device=self._device)

        made_BT = self._model.generate(
            tokens_BT, attention_mask=torch.ones_like(tokens_BT), do_sample=False, num_beams=1, max_new_tokens=request.max_new_tokens,
            stopping_criteria=StoppingCriteriaList([stopped]), eos_token_id=end, pad_token_id=end if end is not None else 0,
        )  # fmt: skip
        return before(self._decode(made_BT[0, len(prompt) :]), request.stop)

    def _decode(self, tokens_T: torch.Tensor) -> str:
        return str(self._tokenizer.decode(tokens_T, skip_special_tokens=True))


def before(text: str, stop: Sequence[str]) -> str:
    """The text before the first of the stop strings."""
    return text[: min((text.find(s) for s in stop if s in text), default=len(text))]


def _batches(windows: Sequence[Window], batch_tokens: int) -> Iterator[list[Window]]:
    """Cuts windows, shortest first, so that rows times the longest stay within the bound, but for single ones that do not."""
    batch: list[Window] = []
    for window in windows:
        if batch and (len(batch) + 1) * (len(window.context) + len(window.continuation)) > batch_tokens:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch
