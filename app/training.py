"""``assay train``: the published shards through modelcore, and what came of it as tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from modelcore.checkpoint import OtherRun, plan_of
from modelcore.inference import Checkpoint
from modelcore.training import train
from pipelines.contract.config import encode
from pipelines.contract.errors import InputError
from pipelines.contract.manifest import Manifest, step_key
from pipelines.contract.parts import PartWriter, Table, read_table, tables_of
from pipelines.contract.schema import CHECKPOINTS, SHARDS, TRAIN_STEPS
from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    from rich.console import Console

    from app.settings import RunFile
    from modelcore.results import StepReport, TrainResult

MODEL_VERSION = 1  # goes up when the same shards and settings could give other weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A trained model: its manifest and the folder that transformers loads."""

    manifest: Manifest
    folder: Path
    warehouse: Warehouse

    def facts(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {"train_id": train_id(self.manifest), "checkpoint": str(self.folder), "manifests": {"train": self.manifest.content_sha256}}


def train_model(settings: RunFile, console: Console, *, quiet: bool = False) -> Trained:
    """Trains on the newest version's shards, or finds that this was done.

    Raises:
        InputError: nothing is published yet.
    """
    warehouse = Warehouse(settings.warehouse_path())
    tokenize = published(warehouse, "tokenize", f"assay run {settings.name}.toml")
    inputs = {"tokenize.shards": tokenize.tables["shards"].content_sha256, "tokenizer.json": tokenize.artifacts["tokenizer.json"].sha256}
    params, parts = encode(settings.train), {"modelcore": MODEL_VERSION}
    key = step_key("train", params, parts, inputs)
    empty = Manifest(step="train", key=key, params=params, parts=parts, inputs=inputs, tables={})
    found = warehouse.find("train", key)
    with warehouse.writing():
        manifest = found or _train(settings, warehouse, tokenize, empty, console, quiet=quiet)
        warehouse.add_to_version({"train": key}, note=f"train {settings.name}")
    folder = checkpoint_folder(warehouse, manifest)
    if not quiet:
        state = "done before" if found else "trained"
        console.print(f"  train         {state}: {folder}", highlight=False)
    return Trained(manifest=manifest, folder=folder, warehouse=warehouse)


def published(warehouse: Warehouse, step: str, command: str) -> Manifest:
    """A step's manifest of the newest version.

    Raises:
        InputError: there is none; the message says which command makes it.
    """
    manifest = warehouse.manifests(steps={step}).get(step)
    if manifest is None:
        raise InputError(f"{warehouse.root}: the step {step!r} is not published here; first: {command}")
    return manifest


def train_id(manifest: Manifest) -> str:
    """Short name of a training run: the first digits of its key."""
    return manifest.key[:16]


def checkpoint_folder(warehouse: Warehouse, manifest: Manifest) -> Path:
    """Folder of the last checkpoint."""
    rows = read_table(warehouse.table(manifest, "checkpoints", CHECKPOINTS.schema)).to_pylist()
    return warehouse.root / str(max(rows, key=lambda r: int(r["step"]))["path"])


def steps_of(warehouse: Warehouse, doc_id: str) -> list[int]:
    """The training steps in which a document was seen, from the plan alone; none if nothing was trained or it was not on the train side."""
    manifests = warehouse.manifests(steps={"train", "tokenize"})
    if "train" not in manifests or "tokenize" not in manifests:
        return []
    shards = warehouse.table(manifests["tokenize"], "shards", SHARDS.schema)
    try:
        return plan_of(checkpoint_folder(warehouse, manifests["train"]), shards).steps_of(doc_id)
    except (InputError, OtherRun):  # not on the train side, or the corpus is newer than the model
        return []


def continue_text(warehouse: Warehouse, prompt: str, max_new_tokens: int, temperature: float, seed: int) -> str:
    """The prompt and what the newest trained model makes of it."""
    manifest = published(warehouse, "train", "assay train RUN.toml")
    checkpoint = Checkpoint.load(checkpoint_folder(warehouse, manifest))
    (made,) = checkpoint.generate([prompt], max_new_tokens=max_new_tokens, temperature=temperature, seed=seed)
    return prompt + made.text


def _train(settings: RunFile, warehouse: Warehouse, tokenize: Manifest, manifest: Manifest, console: Console, *, quiet: bool) -> Manifest:
    shards = warehouse.table(tokenize, "shards", SHARDS.schema)
    tokenizer = warehouse.root / tokenize.artifacts["tokenizer.json"].path
    folder = warehouse.root / "models" / train_id(manifest)
    bar = Progress(
        TextColumn("  train         {task.description}"), BarColumn(bar_width=24), TimeRemainingColumn(), console=console, transient=True,
        disable=quiet or not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("starting", total=settings.train.max_steps)

        def show(report: StepReport) -> None:
            told = f"step {report.step}/{report.max_steps}  loss {report.loss_nats:.3f} nats  {report.tokens_per_s:,.0f} tokens/s"
            bar.update(task, completed=report.step, description=told)

        result = train(settings.train, shards, tokenizer, folder, show)
    tables = _written(warehouse, manifest, result)
    names = ("model.safetensors", "config.json", "tokenizer.json")
    artifacts = {name: warehouse.artifact(result.folder / name) for name in names}
    return warehouse.publish(manifest, tables, artifacts)


def _written(warehouse: Warehouse, manifest: Manifest, result: TrainResult) -> dict[str, Table]:
    schemas = {"checkpoints": CHECKPOINTS.schema, "train_steps": TRAIN_STEPS.schema}
    with PartWriter(warehouse.attempt("train"), schemas) as writer:
        writer.write({"checkpoints": result.checkpoints(train_id(manifest), warehouse.root), "train_steps": result.train_steps(train_id(manifest))})
    return tables_of(writer.files, schemas)
