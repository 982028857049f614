"""The training loop: one pure function of configuration and shards, which a kill at any moment does not change.

Shapes: B rows of a micro-batch, T time, D width, N tokens of a micro-batch.
"""
# ruff: noqa: N806 - shapes live in names

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from modelcore.architecture import LanguageModel, initialized
from modelcore.checkpoint import (
    OtherRun,
    SavedStep,
    StepLoss,
    TrainState,
    folder_name,
    latest_checkpoint,
    read_state,
    read_weights,
    remove_unfinished,
    write_checkpoint,
)
from modelcore.data import TokenStream
from modelcore.device import chosen_device
from modelcore.objective import cross_entropy
from modelcore.optimizer import adamw
from modelcore.plan import Plan
from modelcore.results import StepReport, TrainResult
from modelcore.schedule import learning_rate
from modelcore.tokenizer import read_tokenizer
from pipelines.contract.config import encode
from pipelines.contract.errors import AssayError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from modelcore.config import TrainConfig
    from pipelines.contract.parts import Table

_NUM_NAMED: Final = 8


class LossNotFinite(AssayError):
    """A loss or a gradient became infinite or no number."""


def train(
    config: TrainConfig, shards: Table, tokenizer_path: Path, folder: Path, progress: Callable[[StepReport], None] | None = None
) -> TrainResult:
    """Trains a model, or goes on from the last checkpoint in ``folder``; on a finished folder it returns at once.

    On the CPU, with the same threads and micro-batches, the last weights have the same bits whether the run was interrupted or not.
    ``progress`` is called at each logged step and after each checkpoint.

    Raises:
        ConfigError: the device, its number format or the vocabulary does not fit.
        InputError: the shards or the tokenizer cannot be used.
        OtherRun: the folder holds checkpoints of other batches or another recipe.
        LossNotFinite: training diverged.
        CorruptFile: the last checkpoint was damaged.
        WarehouseError: a checkpoint could not be written.
    """
    config = _with_vocabulary(config, tokenizer_path)
    with _threads(config.num_threads):
        plan = Plan.read(shards, config)
        stream = TokenStream.read(shards, plan.documents, config.model.vocab_size)
        run = _Run(config, plan, stream, tokenizer_path, folder)
        run.resume()
        run.go_on(progress or _silent)
    last = folder / folder_name(run.state.step)
    return TrainResult(
        folder=last,
        state=run.state,
        num_parameters=run.model.num_parameters,
        num_documents=len(plan.documents),
        num_tail_tokens=plan.packing.num_tail_tokens,
    )


class _Run:
    """A run in memory: the model, its optimizer, and what ``state.json`` will say."""

    def __init__(self, config: TrainConfig, plan: Plan, stream: TokenStream, tokenizer_path: Path, folder: Path) -> None:
        self.config, self.plan, self.stream, self.tokenizer_path, self.folder = config, plan, stream, tokenizer_path, folder
        self.device = chosen_device(config.device)
        if config.dtype == "bfloat16" and self.device.type == "cpu":
            raise ConfigError("train.dtype: bfloat16 needs device cuda; on a CPU it can be a hundred times slower, so use float32 there")
        self.model: LanguageModel = initialized(config.model, config.seed).to(self.device)
        self.optimizer = adamw(self.model, config)
        about = {"torch": torch.__version__, "num_threads": torch.get_num_threads(), "device": self.device.type}
        self.state = TrainState(
            step=0, plan_sha256=plan.plan_sha256, recipe_sha256=config.recipe_sha256, config=encode(config), wall_s=0.0,
            losses=(), saved=(), about=about,
        )  # fmt: skip
        self._losses: list[StepLoss] = []
        self._saved: list[SavedStep] = []

    def resume(self) -> None:
        """Takes up the last whole checkpoint, if there is one of this run."""
        remove_unfinished(self.folder)
        found = latest_checkpoint(self.folder)
        if found is None:
            return
        saved = read_state(found)
        if saved.plan_sha256 != self.state.plan_sha256:
            raise OtherRun(
                f"{found}: belongs to the plan {saved.plan_sha256[:12]}, this run has {self.state.plan_sha256[:12]}: shards, context length, "
                "batch size or seed differ; name another folder, or delete this one"
            )
        if saved.recipe_sha256 != self.state.recipe_sha256:
            raise OtherRun(
                f"{found}: was trained with other settings ({_differences(saved.config, self.state.config)}); name another folder, or delete this one"
            )
        read_weights(found, self.model, self.optimizer)
        self.state = replace(saved, config=self.state.config, about=self.state.about)
        self._losses, self._saved = list(saved.losses), list(saved.saved)

    def go_on(self, progress: Callable[[StepReport], None]) -> None:
        """Steps until the run is over."""
        first, started, before_s = self.state.step, time.monotonic(), self.state.wall_s
        while not self.is_over:
            step = self.state.step + 1
            losses = self.step(step)
            self.state = replace(self.state, step=step, wall_s=before_s + time.monotonic() - started)
            is_logged = self.is_over or step == 1 or step % self.config.log_every_steps == 0
            if is_logged:
                self._losses += [replace(loss, wall_s=self.state.wall_s) for loss in losses]
            checkpoint = self.save(losses[0]) if self.is_over or step % self.config.checkpoint_every_steps == 0 else None
            if is_logged or checkpoint:
                progress(self.report(losses, (self.state.wall_s - before_s) / (step - first), checkpoint))

    @property
    def is_over(self) -> bool:
        """Whether the last step is done, by count or, if asked for, by the clock."""
        max_seconds = self.config.max_seconds
        return self.state.step >= self.config.max_steps or (max_seconds is not None and self.state.wall_s >= max_seconds)

    def step(self, step: int) -> list[StepLoss]:
        """One update: its loss over all tokens first, then by source. Nothing is updated if the loss or the gradient is not finite."""
        rate = learning_rate(self.config, step)
        tokens = self.plan.batch(self.stream, step)
        nats = self._gradients(tokens, step)
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.grad_clip))
        self._check(norm, f"norm of the gradient is {norm}", step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad()
        return self._by_source(nats, step, rate)

    def save(self, total: StepLoss) -> Path:
        """Writes a checkpoint."""
        saved = SavedStep(step=total.step, loss_nats=total.loss_nats, num_tokens=total.step * self.plan.num_batch_tokens)
        self._saved.append(saved)
        self.state = replace(self.state, losses=tuple(self._losses), saved=tuple(self._saved))
        return write_checkpoint(
            self.folder, self.state, self.model, self.optimizer, tokenizer_path=self.tokenizer_path, end_of_text=self.stream.end_of_text
        )

    def report(self, losses: list[StepLoss], step_s: float, checkpoint: Path | None) -> StepReport:
        """The state for people."""
        total, by_source = losses[0], losses[1:]
        eta_s = (self.config.max_steps - total.step) * step_s
        if self.config.max_seconds is not None:
            eta_s = max(0.0, min(eta_s, self.config.max_seconds - self.state.wall_s))
        return StepReport(
            step=total.step, max_steps=self.config.max_steps, loss_nats=total.loss_nats,
            loss_by_source={loss.source or "": loss.loss_nats for loss in by_source}, learning_rate=total.learning_rate,
            num_tokens=total.step * self.plan.num_batch_tokens, tokens_per_s=self.plan.num_batch_tokens / step_s if step_s else 0.0,
            wall_s=self.state.wall_s, eta_s=eta_s, checkpoint=checkpoint,
        )  # fmt: skip

    def _gradients(self, tokens: NDArray[np.int64], step: int) -> NDArray[np.float64]:
        # Each micro-batch adds its sum divided by the tokens of the whole batch: never a mean of means.
        num_rows = self.config.micro_batch_rows or len(tokens)
        nats = []
        for start in range(0, len(tokens), num_rows):
            tokens_BT = torch.from_numpy(tokens[start : start + num_rows]).to(self.device)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.dtype == "bfloat16"):
                hidden_BTD = self.model.hidden(tokens_BT[:, :-1])
                total, nats_N = cross_entropy(hidden_BTD.flatten(0, 1), self.model.head_weight, tokens_BT[:, 1:].flatten())
            torch.autograd.backward(total / self.plan.num_batch_tokens)
            nats.append(nats_N)
        found = torch.cat(nats).double().cpu().numpy()
        self._check(float(found.sum()), "loss is not finite", step)
        return found

    def _by_source(self, nats: NDArray[np.float64], step: int, rate: float) -> list[StepLoss]:
        def loss(source: str | None, total: float, count: int) -> StepLoss:
            return StepLoss(step=step, source=source, loss_nats=total / count, num_tokens=count, learning_rate=rate, wall_s=0.0)

        index, sources = self.plan.sources(step).ravel(), self.plan.documents.sources
        sums, counts = np.bincount(index, nats, len(sources)).tolist(), np.bincount(index, minlength=len(sources)).tolist()
        return [loss(None, float(nats.sum()), len(nats)), *(loss(sources[i], sums[i], counts[i]) for i in range(len(sources)) if counts[i])]

    def _check(self, value: float, fault: str, step: int) -> None:
        if math.isfinite(value):
            return
        doc_ids = sorted({span.doc_id for span in self.plan.documents_of(step)})
        more = f" and {len(doc_ids) - _NUM_NAMED} more" if len(doc_ids) > _NUM_NAMED else ""
        raise LossNotFinite(
            f"train: step {step}: {fault}; its documents are {', '.join(doc_ids[:_NUM_NAMED])}{more}; lower train.learning_rate, "
            "or look at them with `assay why`"
        )


def _with_vocabulary(config: TrainConfig, tokenizer_path: Path) -> TrainConfig:
    size = read_tokenizer(tokenizer_path).get_vocab_size(with_added_tokens=True)
    if config.model.vocab_size == 0:
        return replace(config, model=replace(config.model, vocab_size=size))
    if config.model.vocab_size < size:
        raise ConfigError(
            f"train.model.vocab_size: {config.model.vocab_size} is less than the tokenizer's {size}; leave it out to take the tokenizer's"
        )
    return config


def _differences(old: Mapping[str, object], new: Mapping[str, object]) -> str:
    return ", ".join(f"{name}: {old.get(name)!r} there, {new.get(name)!r} here" for name in sorted(new) if old.get(name) != new.get(name))


@contextlib.contextmanager
def _threads(num_threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    if num_threads:
        torch.set_num_threads(num_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _silent(report: StepReport) -> None:
    del report
