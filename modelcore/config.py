"""What a model is and how it is trained: the tables ``[train]`` and ``[train.model]`` of a run file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pipelines.contract.config import encode
from pipelines.contract.manifest import digest

# These change the report, the end by the clock or the rounding of sums, never which tokens meet which update; a checkpoint may be continued with
# others.
_NOT_OF_THE_RECIPE: Final = frozenset(
    {"checkpoint_every_steps", "log_every_steps", "max_seconds", "micro_batch_rows", "num_threads", "device", "dtype"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """Sizes of a decoder (Touvron et al. 2023, Llama 2). The defaults are 1.1 million parameters with a vocabulary of 4096."""

    vocab_size: int = 0  # 0: as many as the tokenizer has
    num_layers: int = 3  # layers of attention and feed-forward
    width: int = 128  # numbers that stand for a token between layers; a multiple of 2 x num_heads
    num_heads: int = 4  # attention heads of a layer; a multiple of num_kv_heads
    num_kv_heads: int = 2  # heads of keys and values, which query heads share
    hidden: int = 384  # width between the two halves of the feed-forward part
    context_length: int = 256  # tokens that the model sees at once
    rope_theta: float = 10_000.0  # base of the rotary positions
    norm_eps: float = 1e-5  # added under the root of a norm
    tie_embeddings: bool = True  # the matrix that reads tokens also writes them

    def __post_init__(self) -> None:
        """Rejects sizes that do not fit together; ``decode`` adds where they stand."""
        _positive(self, "num_layers", "width", "num_heads", "num_kv_heads", "hidden", "context_length", "rope_theta", "norm_eps")
        if self.vocab_size < 0:
            raise ValueError(f"vocab_size is {self.vocab_size}; give a positive number, or 0 for the tokenizer's own")
        if self.width % (2 * self.num_heads):
            raise ValueError(f"width {self.width} must be a multiple of 2 x num_heads ({self.num_heads}), so that a head rotates in pairs")
        if self.num_heads % self.num_kv_heads:
            raise ValueError(f"num_heads {self.num_heads} must be a multiple of num_kv_heads {self.num_kv_heads}")

    @property
    def head_dim(self) -> int:
        """Width of one head."""
        return self.width // self.num_heads


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """A training run. A bound by steps gives the same weights on every run; ``max_seconds`` does not, and is off unless asked for."""

    model: ModelConfig = field(default_factory=ModelConfig)
    max_steps: int = 500  # updates of the weights
    max_seconds: float | None = None  # stops after this time of training; then the weights depend on the machine
    batch_tokens: int = 1024  # tokens of one update, a multiple of the context length
    micro_batch_rows: int = 0  # rows held in memory at once; 0: the whole batch
    learning_rate: float = 4e-3  # the highest that the schedule reaches
    final_learning_rate_ratio: float = 0.05  # the last rate as a share of the highest
    warmup_steps: int = 40  # steps in which the rate rises
    schedule: Literal["wsd", "cosine"] = "wsd"  # wsd: warm up, stay, decay; cosine: warm up, then fall along a cosine
    decay_ratio: float = 0.3  # share of the steps in which WSD lets the rate fall
    weight_decay: float = 0.1  # AdamW's, on matrices
    beta1: float = 0.9  # AdamW's memory of gradients
    beta2: float = 0.95  # AdamW's memory of their squares
    grad_clip: float = 1.0  # longest gradient of an update
    seed: int = 0  # draws the first weights and the order of the batches
    checkpoint_every_steps: int = 100  # a killed training goes on from the last checkpoint
    log_every_steps: int = 10  # steps of one row of the table train_steps
    num_threads: int = 0  # 0: as many as PyTorch chooses
    device: Literal["auto", "cpu", "cuda"] = "auto"  # auto: a graphics card where there is one
    dtype: Literal["float32", "bfloat16"] = "float32"  # bfloat16: autocast, on cuda only

    def __post_init__(self) -> None:
        """Rejects values that cannot be trained with; ``decode`` adds where they stand."""
        _positive(self, "max_steps", "batch_tokens", "learning_rate", "grad_clip", "checkpoint_every_steps", "log_every_steps")
        _not_negative(self, "micro_batch_rows", "warmup_steps", "weight_decay", "seed", "num_threads")
        for name in ("final_learning_rate_ratio", "decay_ratio"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} is {getattr(self, name)}; give a number from 0 to 1")
        for name in ("beta1", "beta2"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} is {getattr(self, name)}; give a number from 0 to less than 1")
        if self.batch_tokens % self.model.context_length:
            raise ValueError(f"batch_tokens {self.batch_tokens} must be a multiple of model.context_length {self.model.context_length}")
        if self.max_seconds is not None and self.max_seconds <= 0:
            raise ValueError(f"max_seconds is {self.max_seconds}; give a positive number, or leave it out")

    @property
    def batch_rows(self) -> int:
        """Rows of one update."""
        return self.batch_tokens // self.model.context_length

    @property
    def recipe(self) -> dict[str, Any]:
        """What decides the weights of each step, as JSON."""
        return {name: value for name, value in encode(self).items() if name not in _NOT_OF_THE_RECIPE}

    @property
    def recipe_sha256(self) -> str:
        """Hash of what decides the weights; a checkpoint is only continued by the same recipe."""
        return digest(self.recipe)


def _positive(config: object, *names: str) -> None:
    for name in names:
        if getattr(config, name) <= 0:
            raise ValueError(f"{name} is {getattr(config, name)}; give a number above 0")


def _not_negative(config: object, *names: str) -> None:
    for name in names:
        if getattr(config, name) < 0:
            raise ValueError(f"{name} is {getattr(config, name)}; give 0 or more")
