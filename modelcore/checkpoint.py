"""Checkpoints of a training run: folders that appear whole or not at all.

A folder ``step-00000100`` is written under a hidden name, flushed to the disk and renamed, so a reader, and a run that was killed, find either
all of it or nothing. It holds no pickle: tensors are safetensors, all else is JSON. ``state.json`` names the sha256 of every other file.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from modelcore.config import TrainConfig
from modelcore.hugging_face import read_json, read_model, read_tensors, write_json, write_model, write_tensors
from modelcore.optimizer import load_state_tensors, state_tensors
from modelcore.plan import Plan
from pipelines.contract.config import decode
from pipelines.contract.errors import AssayError, ConfigError, CorruptFile
from pipelines.contract.manifest import digest
from pipelines.contract.warehouse import explained, file_sha256

if TYPE_CHECKING:
    import torch

    from modelcore.architecture import LanguageModel
    from pipelines.contract.parts import Table

STATE: Final = "state.json"
OPTIMIZER: Final = "optimizer.safetensors"
FORMAT: Final = 1


class OtherRun(AssayError):
    """A folder holds checkpoints of another plan or another recipe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLoss:
    """Loss of a logged step on one source; ``source`` None is all of them. ``wall_s`` counts from the start of training."""

    step: int
    source: str | None
    loss_nats: float
    num_tokens: int
    learning_rate: float
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedStep:
    """That a checkpoint was written: its step, the loss of that step, the tokens predicted so far."""

    step: int
    loss_nats: float
    num_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainState:
    """What a run knows besides its tensors. Training draws no random numbers after the first weights, so there is no state of a generator."""

    step: int
    plan_sha256: str
    recipe_sha256: str
    config: Mapping[str, Any]
    wall_s: float
    losses: tuple[StepLoss, ...]
    saved: tuple[SavedStep, ...]
    about: Mapping[str, Any]  # versions, threads, device: what bits may depend on; never compared

    @property
    def checkpoint_id(self) -> str:
        """Hash of plan, recipe and step."""
        return checkpoint_id(self.plan_sha256, self.recipe_sha256, self.step)


def checkpoint_id(plan_sha256: str, recipe_sha256: str, step: int) -> str:
    """Hash of what decides a checkpoint's weights."""
    return digest({"plan": plan_sha256, "recipe": recipe_sha256, "step": step})


def folder_name(step: int) -> str:
    """Name of a checkpoint's folder."""
    return f"step-{step:08d}"


def write_checkpoint(
    folder: Path, state: TrainState, model: LanguageModel, optimizer: torch.optim.AdamW, *, tokenizer_path: Path, end_of_text: int
) -> Path:
    """Writes a checkpoint below ``folder`` and returns its own folder.

    Raises:
        WarehouseError: the disk is full or may not be written.
    """
    scratch, final = folder / f".{folder_name(state.step)}.{uuid.uuid4().hex}", folder / folder_name(state.step)
    try:
        scratch.mkdir(parents=True)
        write_model(scratch, model, tokenizer_path, end_of_text)
        write_tensors(scratch / OPTIMIZER, state_tensors(model, optimizer))
        files = {path.name: file_sha256(path) for path in sorted(scratch.iterdir())}
        write_json(scratch / STATE, {"format": FORMAT, "files": files, **asdict(state)})
        for path in scratch.iterdir():
            _flush(path)
        _flush(scratch)
        scratch.rename(final)
        _flush(folder)
    except OSError as error:
        shutil.rmtree(scratch, ignore_errors=True)
        raise explained(error, folder) from None
    return final


def latest_checkpoint(folder: Path) -> Path | None:
    """The checkpoint of the highest step, if there is any."""
    return max(folder.glob("step-????????"), default=None)


def remove_unfinished(folder: Path) -> None:
    """Deletes what writers that were killed left behind; only one run may hold a folder."""
    for path in folder.glob(".step-*"):
        shutil.rmtree(path, ignore_errors=True)


def read_state(folder: Path) -> TrainState:
    """The state of a checkpoint, after every file of it was compared with its sha256.

    Raises:
        CorruptFile: a file differs, or was written by a newer version.
        InputError: the folder holds no state.
    """
    raw = _raw_state(folder)
    for name, sha256 in raw["files"].items():
        path = folder / Path(name).name
        if not path.is_file() or file_sha256(path) != sha256:
            raise CorruptFile(f"{path}: differs from what state.json says; delete {folder.name} to go on from the checkpoint before it")
    return _state(raw, folder)


def plan_of(folder: Path, shards: Table) -> Plan:
    """The plan that a checkpoint was trained by, up to the step that it reached.

    Asks for the shards' ids and lengths, not for their tokens, and of the checkpoint for ``state.json`` alone: the plan's own hash, made anew
    from what stands there and from the shards, says whether the two belong together.

    Raises:
        OtherRun: it was trained on other shards.
        CorruptFile: ``state.json`` is damaged, or was written by a newer version.
        InputError: the folder holds no state.
    """
    state = _state(_raw_state(folder), folder)
    try:
        config = decode(TrainConfig, {name: value for name, value in state.config.items() if value is not None}, str(folder / STATE))
    except ConfigError as error:
        raise CorruptFile(f"{error}; this is no configuration of a checkpoint that this version can read") from None
    plan = Plan.read(shards, config)
    if plan.plan_sha256 != state.plan_sha256:
        raise OtherRun(
            f"{folder}: belongs to the plan {state.plan_sha256[:12]}, these shards give {plan.plan_sha256[:12]}; name those it was trained on"
        )
    return replace(plan, last_step=state.step)


def read_weights(folder: Path, model: LanguageModel, optimizer: torch.optim.AdamW) -> None:
    """Puts the weights and the optimizer's state of a checkpoint into a model of its shape."""
    saved, _ = read_model(folder)
    model.load_state_dict(saved.state_dict())
    load_state_tensors(model, optimizer, read_tensors(folder / OPTIMIZER), str(folder / OPTIMIZER))


def _raw_state(folder: Path) -> dict[str, Any]:
    raw = read_json(folder / STATE)
    if raw.get("format") != FORMAT:
        raise CorruptFile(f"{folder / STATE}: format {raw.get('format')!r}, this version reads {FORMAT}; train into another folder")
    if not isinstance(raw.get("files"), dict):
        raise CorruptFile(f"{folder / STATE}: names no files, so it is damaged; delete {folder.name} to go on from the checkpoint before it")
    return raw


def _state(raw: Mapping[str, Any], folder: Path) -> TrainState:
    try:
        return TrainState(
            step=int(raw["step"]), plan_sha256=str(raw["plan_sha256"]), recipe_sha256=str(raw["recipe_sha256"]), config=dict(raw["config"]),
            wall_s=float(raw["wall_s"]), losses=tuple(StepLoss(**loss) for loss in raw["losses"]),
            saved=tuple(SavedStep(**saved) for saved in raw["saved"]), about=dict(raw["about"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptFile(
            f"{folder / STATE}: damaged ({type(error).__name__}); delete {folder.name} to go on from the checkpoint before it"
        ) from None


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
