"""``assay eval``: tasks asked of a model, with what the model's own corpus knows of every item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from app.benchmarks import registration, tasks_of
from app.training import checkpoint_folder, published, train_id
from evalsuite.base import Model, TaskContext, metrics
from evalsuite.models.checkpoint import Checkpoint
from evalsuite.models.huggingface import HuggingFace
from evalsuite.registration import status_in, statuses
from evalsuite.scoring import Results, evaluate
from pipelines.contamination.ngrams import checkable
from pipelines.contract.manifest import Manifest, step_key
from pipelines.contract.parts import PartWriter, read_row_groups, read_table, tables_of
from pipelines.contract.schema import BENCHMARK_ITEMS, CONTAMINATION, PREDICTIONS, SCORES, SPLITS, TEXTS
from pipelines.contract.warehouse import Warehouse
from pipelines.steps.register import HELDOUT_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rich.console import Console

    from app.settings import RunFile
    from evalsuite.base import Status

EVAL_VERSION = 1  # goes up when the same model and tasks could give other rows
_BATCH_BYTES = 16 << 20
_READ = (("register", "benchmark_items"), ("decontaminate", "contamination"), ("clean", "texts"), ("split", "splits"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """Scores and where they are kept."""

    step: str
    model: str
    manifest: Manifest
    scores: pa.Table

    def facts(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {"manifests": {self.step: self.manifest.content_sha256}, "model": self.model, "scores": self.scores.to_pylist()}


def evaluate_model(settings: RunFile, console: Console, *, model: Path | None = None, quiet: bool = False) -> Evaluated:
    """Scores the newest trained model, or a local Hugging Face folder, or finds that this was done.

    Items of a model that this corpus did not train are all ``unchecked``: what this corpus holds says nothing about what that model has seen.

    Raises:
        InputError: nothing is trained yet, or a benchmark's file is missing.
    """
    warehouse = Warehouse(settings.warehouse_path())
    published(warehouse, "register", "assay run RUN.toml")
    manifests = warehouse.manifests(steps={step for step, _ in _READ})
    asked = _model(warehouse, model)
    inputs = {"model": asked.identity, **_inputs(manifests)}
    scorers = {name: metrics[name].version for task in tasks_of(settings.eval).values() for name in task.metrics}
    params = {"tasks": registration(settings).params(), "metrics": scorers, "is_own": model is None}
    key = step_key("eval", params, {"evalsuite": EVAL_VERSION}, inputs)
    step = f"eval:{key[:16]}"
    found = warehouse.find(step, key)
    with warehouse.writing():
        if found is None:
            results = _ask(settings, warehouse, manifests, asked, console, is_own=model is None, quiet=quiet)
            empty = Manifest(step=step, key=key, params=params, parts={"evalsuite": EVAL_VERSION}, inputs=inputs, tables={})
            found = _publish(warehouse, empty, results)
            if results.empty_tasks and not quiet:
                console.print(f"  eval          no items for {', '.join(results.empty_tasks)}: is the held-out side too small?", highlight=False)
        warehouse.add_to_version({step: key}, note=f"eval {settings.name}")
    scores = read_table(warehouse.table(found, "scores", SCORES.schema))
    if not quiet:
        console.print(f"  eval          {scores.num_rows} scores of {asked.name}", highlight=False)
    return Evaluated(step=step, model=asked.name, manifest=found, scores=scores)


def heldout_rows(warehouse: Warehouse, manifests: Mapping[str, Manifest]) -> pa.Table:
    """doc_id, text and source of the lowest held-out documents: the same that ``register`` was given."""
    splits = read_table(warehouse.table(manifests["split"], "splits", SPLITS.schema))
    ids = splits.filter(pc.equal(splits.column("split"), "heldout")).column("doc_id")
    chosen = pc.sort_indices(ids).slice(0, HELDOUT_ROWS)
    wanted = ids.take(chosen).combine_chunks()
    columns = ["doc_id", "text", "source"]
    texts = warehouse.table(manifests["clean"], "texts", TEXTS.schema)
    batches = [
        batch.filter(pc.is_in(batch.column("doc_id"), value_set=wanted))
        for path in texts.paths
        for batch in read_row_groups(path, None, texts.schema, _BATCH_BYTES, columns)
    ]
    schema = pa.schema([TEXTS.schema.field(name) for name in columns])
    return pa.Table.from_batches([batch.select(columns) for batch in batches], schema=schema).sort_by("doc_id")


def _model(warehouse: Warehouse, folder: Path | None) -> Model:
    if folder is not None:
        return HuggingFace(path=folder)
    trained = published(warehouse, "train", "assay train RUN.toml")
    return Checkpoint(path=checkpoint_folder(warehouse, trained), title=f"assay-{train_id(trained)[:8]}")


def _inputs(manifests: Mapping[str, Manifest]) -> dict[str, str]:
    return {f"{step}.{table}": manifests[step].tables[table].content_sha256 for step, table in _READ}


def _ask(
    settings: RunFile, warehouse: Warehouse, manifests: Mapping[str, Manifest], model: Model, console: Console, *, is_own: bool, quiet: bool
) -> Results:
    context = TaskContext(heldout=heldout_rows(warehouse, manifests))
    bar = Progress(
        TextColumn("  eval          {task.description}"), BarColumn(bar_width=24), TimeElapsedColumn(), console=console, transient=True,
        disable=quiet or not console.is_terminal,
    )  # fmt: skip
    with bar:
        shown = bar.add_task("starting", total=None)

        def progress(task: str, done: int, total: int) -> None:
            bar.update(shown, description=f"{task}: {done}/{total}", completed=done, total=total)

        return evaluate(model, tasks_of(settings.eval), status=_status(warehouse, manifests, is_own=is_own), context=context, progress=progress)


def _status(warehouse: Warehouse, manifests: Mapping[str, Manifest], *, is_own: bool) -> Callable[[str, str], Status]:
    if not is_own:
        return status_in({})
    items = read_table(warehouse.table(manifests["register"], "benchmark_items", BENCHMARK_ITEMS.schema))
    met = read_table(warehouse.table(manifests["decontaminate"], "contamination", CONTAMINATION.schema))
    return status_in(statuses(items, met, checkable=checkable))


def _publish(warehouse: Warehouse, manifest: Manifest, results: Results) -> Manifest:
    schemas = {"predictions": PREDICTIONS.schema, "scores": SCORES.schema}
    with PartWriter(warehouse.attempt(manifest.step), schemas) as writer:
        writer.write({"predictions": results.predictions, "scores": results.scores})
    return warehouse.publish(manifest, tables_of(writer.files, schemas))
