"""``assay run``: a run file through the runner, with the evaluation side's items handed in."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from app.benchmarks import registration
from app.checking import check_files
from app.console import ConsoleReporter, SilentReporter
from app.perplexity import Perplexity
from pipelines.contract.warehouse import Warehouse
from pipelines.engine.start import make_engine
from pipelines.steps.inputs import passed_by
from pipelines.steps.runner import Runner, RunResult

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from app.settings import RunFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Curated:
    """What a run left, ready to be shown."""

    result: RunResult
    warehouse: Warehouse

    def facts(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        manifests = {step: manifest.content_sha256 for step, manifest in self.result.manifests.items()}
        version = self.result.version.number if self.result.version else None
        warnings = {step: said for step, manifest in self.result.manifests.items() if (said := manifest.about.get("warnings"))}
        done = {"version": version, "manifests": manifests, "warehouse": str(self.warehouse.root), "done_now": list(self.result.done_now)}
        return {**done, "warnings": warnings, "passed_by": self._passed_by()}

    def _passed_by(self) -> dict[str, dict[str, int]]:
        """Files and records that ingest did not read as documents, by reason."""
        manifest = self.result.manifests.get("ingest")
        return passed_by(self.warehouse, manifest) if manifest else {}

    def show(self, console: Console) -> None:
        """A line on what was passed by, if anything, and on what there is now, and where."""
        for kind, counts in self._passed_by().items():
            if counts:
                reasons = ", ".join(f"{number:,} {reason}" for reason, number in counts.items())
                line = f"Passed by: {sum(counts.values()):,} {kind} ({reasons}); the table skipped names them."
                console.print(line, highlight=False, soft_wrap=True)
        if self.result.version is None:
            console.print("Stopped where --until said; nothing was published. Run again without it to go on.", highlight=False)
            return
        did = f"{len(self.result.done_now)} steps done now" if self.result.done_now else "nothing was left to do"
        console.print(f"Version {self.result.version.number} in {self.warehouse.root} ({did}).", highlight=False)
        console.print(f"  corpus: {self.warehouse.root / 'corpus'}   (datasets.load_dataset reads this folder)", highlight=False, soft_wrap=True)


def runner_for(settings: RunFile, engine: Literal["local", "spark"], reporter: ConsoleReporter | SilentReporter) -> tuple[Runner, Warehouse]:
    """The runner of a run file."""
    warehouse = Warehouse(settings.warehouse_path())

    def start(scratch: Path) -> Any:
        return make_engine(engine, settings.local, settings.spark, scratch)

    runner = Runner(
        settings.curation, warehouse, registration(settings), engine=start, engine_name=engine, reporter=reporter,
        extra=[Perplexity(settings.perplexity)],
    )  # fmt: skip
    return runner, warehouse


def curate(
    settings: RunFile,
    engine: Literal["local", "spark"],
    console: Console,
    *,
    until: str | None = None,
    must_verify: bool = False,
    quiet: bool = False,
) -> Curated:
    """Runs what is left to do; with ``must_verify`` nothing is published before every file was read against its hash."""
    reporter = SilentReporter() if quiet else ConsoleReporter(console)
    with reporter if isinstance(reporter, ConsoleReporter) else nullcontext():
        runner, warehouse = runner_for(settings, engine, reporter)
        check = partial(check_files, warehouse) if must_verify else None
        return Curated(result=runner.run(until, before_publish=check), warehouse=warehouse)


def dry(settings: RunFile, engine: Literal["local", "spark"]) -> list[tuple[str, bool]]:
    """Which steps are done; a step behind one that is not counts as not."""
    return runner_for(settings, engine, SilentReporter())[0].plan()
