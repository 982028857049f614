"""A checkpoint of this project's own training; the only place where evaluation meets modelcore."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from evalsuite.base import Scored, models
from evalsuite.identity import folder_identity
from evalsuite.windows import encode_pair, score_windowed
from modelcore.inference import Checkpoint as Loaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalsuite.base import GenerateRequest, LoglikelihoodRequest, RollingRequest
    from evalsuite.windows import Window

_ANSWERS: Final = ("config.json", "model.safetensors", "tokenizer.json")  # the state of the optimizer changes no answer


@models("checkpoint")
@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A folder that training wrote, or a plain Llama folder.

    ``batch_tokens`` bounds rows times the longest of them; it changes the rounding only.
    """

    version: ClassVar[int] = 1
    path: Path  # a folder that training wrote, or a plain Llama folder
    title: str = ""  # name in scores; without one, that of the folder
    device: str = "auto"  # auto: a graphics card where there is one
    batch_tokens: int = 4096  # rows times the longest of them at most; changes the rounding only

    @property
    def name(self) -> str:
        """Title, or the folder's name."""
        return self.title or self.path.name

    @cached_property
    def identity(self) -> str:
        """Hash of weights, configuration and tokenizer."""
        return folder_identity(self.path, _ANSWERS, f"checkpoint/{self.version}")

    def loglikelihood(self, requests: Sequence[LoglikelihoodRequest]) -> list[Scored]:
        """Log-likelihood of each continuation; an empty context is an end-of-text."""
        pairs = [encode_pair(self._loaded.encode, request.context, request.continuation) for request in requests]
        return self._windowed([(context or [self._loaded.end_of_text], continuation) for context, continuation in pairs])

    def loglikelihood_rolling(self, requests: Sequence[RollingRequest]) -> list[Scored]:
        """Log-likelihood of each whole text, the first token after an end-of-text, as in training."""
        return self._windowed([([self._loaded.end_of_text], self._loaded.encode(request.text)) for request in requests])

    def generate(self, requests: Sequence[GenerateRequest]) -> list[str]:
        """A greedy continuation of each prompt, one at a time, so that no prompt changes the rounding of another."""
        return [
            self._loaded.generate([request.prompt], max_new_tokens=request.max_new_tokens, stop=request.stop)[0].text for request in requests
        ]  # fmt: skip

    @cached_property
    def _loaded(self) -> Loaded:
        return Loaded.load(self.path, self.device)

    def _windowed(self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[Scored]:
        return score_windowed(pairs, self._loaded.config.context_length, self._score)

    def _score(self, windows: Sequence[Window]) -> list[Scored]:
        scored = self._loaded.loglikelihood([(window.context, window.continuation) for window in windows], self.batch_tokens)
        return [Scored(logprob_nats=s.logprob_nats, is_greedy=s.is_greedy, num_tokens=s.num_tokens) for s in scored]
