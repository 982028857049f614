"""``assay eval``: tasks asked of a model, with what the model's own corpus knows of every item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from app.benchmarks import registration, tasks_of
from app.readings import check_trained_on
from app.steps import Newest, Planned, finished
from app.training import TRAIN, checkpoint_folder, train_id
from evalsuite.base import Model, TaskContext, metrics, models
from evalsuite.registration import status_in
from evalsuite.scoring import Results, evaluate
from pipelines.contract.config import part
from pipelines.contract.errors import InputError
from pipelines.contract.manifest import Manifest, step_key
from pipelines.contract.parts import PartWriter, read_row_groups, read_table, tables_of
from pipelines.contract.schema import ITEM_STATUSES, PREDICTIONS, SCORES, SPLITS, TEXTS
from pipelines.contract.warehouse import Warehouse
from pipelines.steps.register import HELDOUT_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rich.console import Console

    from app.settings import RunFile
    from evalsuite.base import Status

EVAL_VERSION = 2  # goes up when the same model and tasks could give other rows
_BATCH_BYTES = 16 << 20
_READ = (("decontaminate", ITEM_STATUSES.name), ("clean", "texts"), ("split", "splits"))
_CURATE = "assay run RUN.toml"  # what makes the steps of _READ, for messages


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


def evaluate_model(settings: RunFile, console: Console, *, model: Path | None = None, quiet: bool = False, must_verify: bool = False) -> Evaluated:
    """Scores a local Hugging Face folder, or the model of ``[eval]``, or the newest trained model; or finds that this was done.

    Items of a model that this corpus did not train are all ``unchecked``: what this corpus holds says nothing about what that model has seen.

    Raises:
        InputError: nothing is trained yet, the newest version's model was trained on another corpus, or a benchmark's file is missing.
        ConfigError: ``[eval]`` names a model backend that there is not.
    """
    warehouse = Warehouse(settings.warehouse_path())
    other = _other_model(settings, model)
    reads = {**dict.fromkeys((step for step, _ in _READ), _CURATE), **({} if other else {"tokenize": _CURATE, "train": TRAIN})}

    def plan(newest: Newest) -> Planned:
        asked = other or _own_model(newest)
        return Planned(
            manifest=_planned(settings, newest, asked, is_own=other is None),
            make=lambda manifest: _score(settings, newest, asked, manifest, console, quiet=quiet),
        )

    done = finished(warehouse, reads, plan, note=f"eval {settings.name}", must_verify=must_verify)
    name = (other or _own_model(done.newest)).name
    scores = read_table(warehouse.table(done.manifest, "scores", SCORES.schema))
    if not quiet:
        console.print(f"  eval          {scores.num_rows} scores of {name}", highlight=False)
    return Evaluated(step=done.manifest.step, model=name, manifest=done.manifest, scores=scores)


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


def _other_model(settings: RunFile, folder: Path | None) -> Model | None:
    """The model that was asked for, if it is not the one that this corpus trained."""
    if folder is not None:
        return part(models, {"use": "huggingface", "path": str(folder)}, "--model")[1]
    return settings.eval.model


def _own_model(newest: Newest) -> Model:
    check_trained_on(newest)
    trained = newest.manifests["train"]
    folder, title = checkpoint_folder(newest.warehouse, trained), f"assay-{train_id(trained)[:8]}"
    return part(models, {"use": "checkpoint", "path": str(folder), "title": title}, "train")[1]


def _planned(settings: RunFile, newest: Newest, model: Model, *, is_own: bool) -> Manifest:
    if ITEM_STATUSES.name not in newest.manifests["decontaminate"].tables:
        raise InputError(f"{newest.warehouse.root}: an older assay curated this corpus and kept no statuses of items; first: {_CURATE}")
    read = (*_READ, ("tokenize", "shards")) if is_own else _READ  # the shards tie the statuses to the corpus that trained the model
    inputs = {"model": model.identity, **{f"{step}.{table}": newest.manifests[step].tables[table].content_sha256 for step, table in read}}
    if is_own:
        inputs |= {f"{step}.item_statuses": check.tables["item_statuses"].content_sha256 for step, check in _checks(newest).items()}
    scorers = {name: metrics[name].version for task in tasks_of(settings.eval).values() for name in task.metrics}
    params, parts = {"tasks": registration(settings).params(), "metrics": scorers, "is_own": is_own}, {"evalsuite": EVAL_VERSION}
    key = step_key("eval", params, parts, inputs)
    return Manifest(step=f"eval:{key[:16]}", key=key, params=params, parts=parts, inputs=inputs, tables={})


def _score(settings: RunFile, newest: Newest, model: Model, manifest: Manifest, console: Console, *, quiet: bool) -> Manifest:
    results = _ask(settings, newest, model, console, is_own=bool(manifest.params["is_own"]), quiet=quiet)
    if results.empty_tasks and not quiet:
        console.print(f"  eval          no items for {', '.join(results.empty_tasks)}: is the held-out side too small?", highlight=False)
    return _publish(newest.warehouse, manifest, results)


def _ask(settings: RunFile, newest: Newest, model: Model, console: Console, *, is_own: bool, quiet: bool) -> Results:
    context = TaskContext(heldout=heldout_rows(newest.warehouse, newest.manifests))
    bar = Progress(
        TextColumn("  eval          {task.description}"), BarColumn(bar_width=24), TimeElapsedColumn(), console=console, transient=True,
        disable=quiet or not console.is_terminal,
    )  # fmt: skip
    with bar:
        shown = bar.add_task("starting", total=None)

        def progress(task: str, done: int, total: int) -> None:
            bar.update(shown, description=f"{task}: {done}/{total}", completed=done, total=total)

        return evaluate(model, tasks_of(settings.eval), status=_status(newest, is_own=is_own), context=context, progress=progress)


def _status(newest: Newest, *, is_own: bool) -> Callable[[str, str], Status]:
    if not is_own:
        return status_in({})
    said = [*_checks(newest).values(), newest.manifests["decontaminate"]]  # what the run itself found goes before what was looked for later
    tables = [read_table(newest.warehouse.table(manifest, "item_statuses", ITEM_STATUSES.schema)) for manifest in said]
    rows = [row for known in tables for row in known.select(["benchmark", "item_id", "status"]).to_pylist()]
    return status_in({(row["benchmark"], row["item_id"]): row["status"] for row in rows})


def _checks(newest: Newest) -> dict[str, Manifest]:
    """What `assay contamination check` found later in this very corpus."""
    names = sorted(step for step in newest.version.steps if step.startswith("check:"))
    return newest.warehouse.manifests(newest.version, steps=names)


def _publish(warehouse: Warehouse, manifest: Manifest, results: Results) -> Manifest:
    schemas = {"predictions": PREDICTIONS.schema, "scores": SCORES.schema}
    with PartWriter(warehouse.attempt(manifest.step), schemas) as writer:
        writer.write({"predictions": results.predictions, "scores": results.scores})
    return warehouse.publish(manifest, tables_of(writer.files, schemas))
