"""``assay contamination check``: a benchmark that the run did not know, looked for in what was published."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, get_args

import pyarrow as pa
import pyarrow.compute as pc
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from app.steps import Newest, Planned, finished
from evalsuite.base import Status, tasks
from evalsuite.registration import TaskRegistration, benchmark_items
from pipelines.contract.config import decode, encode, load_toml
from pipelines.contract.errors import ConfigError
from pipelines.contract.manifest import Manifest, step_key
from pipelines.contract.parts import PartWriter, read_table, scratch, tables_of
from pipelines.contract.schema import BENCHMARK_ITEMS, CONTAMINATION, CORPUS, EDITS, ITEM_STATUSES
from pipelines.engine.options import LocalOptions, SparkOptions
from pipelines.engine.start import make_engine
from pipelines.steps.decontaminate import Decontaminate as DecontaminateStep
from pipelines.steps.decontaminate import item_statuses, part_rule
from pipelines.steps.ngram_filter import corpus_filter, in_clean_text, recheck
from pipelines.steps.semantic import likenesses
from pipelines.steps.settings import Decontaminate, parts
from pipelines.text.sentence_embeddings import model_identity
from pipelines.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from evalsuite.base import Task
    from pipelines.contamination.parts import PartRule
    from pipelines.contamination.semantic import SemanticRule
    from pipelines.contract.parts import Table
    from pipelines.contract.warehouse import Warehouse
    from pipelines.engine.base import Engine

VERSION: Final = 2  # goes up when the same corpus and tasks could give other rows
_CURATE: Final = "assay run RUN.toml"
_READ: Final = ("num_blocks", "num_blocks_read", "num_bytes", "num_bytes_read", "num_parts_without_seeds")  # of `Rechecked`, kept in the manifest
_CHECKED: Final = {"benchmark_items": BENCHMARK_ITEMS.schema, "contamination": CONTAMINATION.schema}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """What a file of tasks may say."""

    tasks: tuple[Any, ...]  # each by name or as a table with `use` and the task's own fields, as under [eval] of a run file


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found, and where it is kept."""

    manifest: Manifest
    benchmarks: tuple[dict[str, Any], ...]  # name, items, how many have which status, documents that hold one

    def facts(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        read = {name: self.manifest.about[name] for name in _READ}
        return {"manifests": {self.manifest.step: self.manifest.content_sha256}, "benchmarks": list(self.benchmarks), "read": read}

    def show(self, console: Console) -> None:
        """A line a benchmark, and how much was read for it."""
        for row in self.benchmarks:
            counts = ", ".join(f"{row[status]:,} {status}" for status in get_args(Status))
            said = f"  {row['benchmark']:<16}{row['num_items']:,} items: {counts}; in {row['num_documents']:,} documents"
            console.print(said, highlight=False, markup=False, soft_wrap=True)
        about = self.manifest.about
        share = about["num_bytes_read"] / max(about["num_bytes"], 1)
        said = f"  read again: {about['num_blocks_read']:,} of {about['num_blocks']:,} blocks of documents, {share:.1%} of the text"
        console.print(said, highlight=False, soft_wrap=True)
        if "semantic" in self.manifest.params:
            console.print("  and all of it, for what says the same in other words", highlight=False, soft_wrap=True)
        if about["num_parts_without_seeds"]:
            said = f"  all of it, for {about['num_parts_without_seeds']:,} parts of fewer than 8 words that are looked for whole"
            console.print(said, highlight=False, soft_wrap=True)


def chosen_tasks(path: Path | None, names: Sequence[str]) -> dict[str, Task]:
    """The tasks of a file and of ``--task``.

    Raises:
        ConfigError: there are none, or one is not known.
    """
    given: tuple[Any, ...] = tuple(names)
    if path is not None:
        given = (*decode(TaskFile, load_toml(path), str(path)).tasks, *given)
    if not given:
        raise ConfigError("contamination check: no benchmark is named; give a file with `tasks = [...]`, or --task NAME")
    return parts(tasks, given, str(path or "--task"))


def check_tasks(
    warehouse: Warehouse, chosen: Mapping[str, Task], console: Console, *, semantic: SemanticRule | None = None, quiet: bool = False
) -> Checked:
    """Looks for items in the newest published corpus, or finds that this was done; the rows become part of the version.

    With ``semantic`` the whole corpus is read for passages that say the same in other words, too.

    Raises:
        InputError: nothing is published, or a benchmark's file is missing.
        ConfigError: the model of ``semantic`` is not installed.
    """

    def plan(newest: Newest) -> Planned:
        planned = _planned(newest, chosen, semantic)
        return Planned(manifest=planned, make=lambda manifest: _make(newest, chosen, manifest, console, semantic=semantic, quiet=quiet))

    done = finished(warehouse, dict.fromkeys(("publish", "decontaminate"), _CURATE), plan, note=f"check {'+'.join(sorted(chosen))}")
    statuses = read_table(warehouse.table(done.manifest, "item_statuses", ITEM_STATUSES.schema))
    met = read_table(warehouse.table(done.manifest, "contamination", CONTAMINATION.schema))
    return Checked(manifest=done.manifest, benchmarks=tuple(_counted(statuses, met)))


def _planned(newest: Newest, chosen: Mapping[str, Task], semantic: SemanticRule | None) -> Manifest:
    options = _options(newest)
    rule = {name: getattr(options, name) for name in ("ngram_words", "min_words", "parts", "min_coverage")}
    params = {"tasks": TaskRegistration(tasks=chosen).params(), **encode(rule)}
    if semantic is not None:
        params["semantic"] = {**asdict(semantic), "model": model_identity()}
    made_of = {"check": VERSION, "decontaminate": DecontaminateStep.version}
    inputs = {"publish.corpus": newest.manifests["publish"].tables["corpus"].content_sha256}
    key = step_key("check", params, made_of, inputs)
    return Manifest(step=f"check:{key[:16]}", key=key, params=params, parts=made_of, inputs=inputs, tables={})


def _options(newest: Newest) -> Decontaminate:
    params = newest.manifests["decontaminate"].params
    return decode(Decontaminate, {name: value for name, value in params.items() if value is not None}, "decontaminate")


def _make(
    newest: Newest, chosen: Mapping[str, Task], manifest: Manifest, console: Console, *, semantic: SemanticRule | None, quiet: bool
) -> Manifest:
    warehouse, options = newest.warehouse, _options(newest)
    items = benchmark_items(chosen, None, count_words)
    bar = Progress(
        TextColumn("  check         {task.description}"), BarColumn(bar_width=24), TimeElapsedColumn(), console=console, transient=True,
        disable=quiet or not console.is_terminal,
    )  # fmt: skip
    engine = make_engine("local", LocalOptions(), SparkOptions(), warehouse.root / "scratch")
    try:
        with bar:
            shown = bar.add_task("reading what may hold an item", total=None)
            filters = corpus_filter(warehouse, newest.manifests["publish"], lambda: engine)
            found = recheck(
                filters, warehouse.root, items, part_rule(options), min_coverage=options.min_coverage,
                progress=lambda done, total: bar.update(shown, completed=done, total=total),
            )  # fmt: skip
            met = found.contamination
            if semantic is not None:
                bar.update(shown, description="reading all of it for the meaning")
                engine.on_progress(lambda done, total: bar.update(shown, completed=done, total=total))
                met = pa.concat_tables([met, _likenesses(newest, items, part_rule(options), semantic, engine)])
        edits = [warehouse.table(one, "edits", EDITS.schema) for one in warehouse.manifests(newest.version).values() if "edits" in one.tables]
        tables = _written(warehouse.attempt(manifest.step), {"benchmark_items": items, "contamination": in_clean_text(met, edits)})
        statuses = item_statuses(engine, warehouse.attempt(manifest.step), items, found.known, tables["contamination"])
    finally:
        engine.close()
        shutil.rmtree(warehouse.root / "scratch", ignore_errors=True)
    read = {name: getattr(found, name) for name in _READ}
    return warehouse.publish(replace(manifest, about=read), {**tables, "item_statuses": statuses})


def _likenesses(newest: Newest, items: pa.Table, rule: PartRule, semantic: SemanticRule, engine: Engine) -> pa.Table:
    warehouse, folder = newest.warehouse, newest.warehouse.root / "scratch" / "semantic"
    corpus = warehouse.table(newest.manifests["publish"], "corpus", CORPUS.schema)
    with PartWriter(folder, {"items": scratch(BENCHMARK_ITEMS.schema)}) as writer:
        writer.write({"items": items.filter(rule.looked_for(items))})
    sought = tables_of(writer.files, {"items": BENCHMARK_ITEMS.schema})["items"]
    return likenesses(engine, corpus, sought, semantic, folder)


def _written(folder: Path, rows: Mapping[str, pa.Table]) -> dict[str, Table]:
    with PartWriter(folder, _CHECKED) as writer:
        writer.write(rows)
    return tables_of(writer.files, _CHECKED)


def _counted(statuses: pa.Table, met: pa.Table) -> Iterator[dict[str, Any]]:
    """A row a benchmark."""
    for name in sorted(set(statuses.column("benchmark").to_pylist())):
        counts = Counter(statuses.filter(pc.equal(statuses.column("benchmark"), name)).column("status").to_pylist())
        documents = pc.count_distinct(met.filter(pc.equal(met.column("benchmark"), name)).column("doc_id")).as_py()
        told = {status: counts.get(status, 0) for status in get_args(Status)}
        yield {"benchmark": name, "num_items": counts.total(), "num_documents": documents, **told}
