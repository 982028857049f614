"""``assay train``: the published shards through modelcore, and what came of it as tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from app.steps import Newest, Planned, finished, newest_of
from modelcore.inference import Checkpoint
from modelcore.training import train
from pipelines.contract.config import encode
from pipelines.contract.manifest import Manifest, step_key
from pipelines.contract.parts import PartWriter, Table, read_table, tables_of
from pipelines.contract.schema import CHECKPOINTS, SHARDS, TRAIN_STEPS
from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    from rich.console import Console

    from app.settings import RunFile
    from modelcore.results import StepReport, TrainResult

MODEL_VERSION = 1  # goes up when the same shards and settings could give other weights
TRAIN = "assay train RUN.toml"  # what makes the step, for messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A trained model: its manifest and the folder that transformers loads."""

    manifest: Manifest
    folder: Path
    warehouse: Warehouse

    def facts(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {"train_id": train_id(self.manifest), "checkpoint": str(self.folder), "manifests": {"train": self.manifest.content_sha256}}


def train_model(settings: RunFile, console: Console, *, quiet: bool = False, must_verify: bool = False) -> Trained:
    """Trains on the newest version's shards, or finds that this was done.

    Raises:
        InputError: nothing is published yet.
    """
    warehouse = Warehouse(settings.warehouse_path())

    def plan(newest: Newest) -> Planned:
        tokenize = newest.manifests["tokenize"]
        return Planned(
            manifest=_planned(settings, tokenize),
            make=lambda manifest: _train(settings, warehouse, tokenize, manifest, console, quiet=quiet),
        )

    reads = {"tokenize": f"assay run {settings.name}.toml"}
    done = finished(warehouse, reads, plan, note=f"train {settings.name}", must_verify=must_verify)
    folder = checkpoint_folder(warehouse, done.manifest)
    if not quiet:
        state = "done before" if done.was_done else "trained"
        console.print(f"  train         {state}: {folder}", highlight=False)
    return Trained(manifest=done.manifest, folder=folder, warehouse=warehouse)


def train_id(manifest: Manifest) -> str:
    """Short name of a training run: the first digits of its key."""
    return manifest.key[:16]


def last_checkpoint(warehouse: Warehouse, manifest: Manifest) -> dict[str, Any]:
    """The row of the table ``checkpoints`` with the highest step."""
    rows = read_table(warehouse.table(manifest, "checkpoints", CHECKPOINTS.schema)).to_pylist()
    return max(rows, key=lambda row: int(row["step"]))


def checkpoint_folder(warehouse: Warehouse, manifest: Manifest) -> Path:
    """Folder of the last checkpoint."""
    return warehouse.root / str(last_checkpoint(warehouse, manifest)["path"])


def continue_text(warehouse: Warehouse, prompt: str, max_new_tokens: int, temperature: float, seed: int) -> str:
    """The prompt and what the newest trained model makes of it."""
    manifest = newest_of(warehouse, {"train": TRAIN}).manifests["train"]
    checkpoint = Checkpoint.load(checkpoint_folder(warehouse, manifest))
    (made,) = checkpoint.generate([prompt], max_new_tokens=max_new_tokens, temperature=temperature, seed=seed)
    return prompt + made.text


def _planned(settings: RunFile, tokenize: Manifest) -> Manifest:
    # How often a run reports and how it rounds is no reason to train again. Where the clock stops it, is.
    params = {**settings.train.recipe, "max_seconds": settings.train.max_seconds}
    parts = {"modelcore": MODEL_VERSION}
    inputs = {"tokenize.shards": tokenize.tables["shards"].content_sha256, "tokenizer.json": tokenize.artifacts["tokenizer.json"].sha256}
    key = step_key("train", params, parts, inputs)
    return Manifest(step="train", key=key, params=params, parts=parts, inputs=inputs, tables={}, about={"train": encode(settings.train)})


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
