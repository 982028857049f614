"""Runs the steps in order: what is done is found, what is not is done, and at the end a version says what counts."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from pipelines.contract.config import encode
from pipelines.contract.errors import AssayError, ConfigError, InputError
from pipelines.contract.manifest import Manifest, step_key
from pipelines.contract.parts import PartWriter, read_table, tables_of
from pipelines.contract.registry import did_you_mean, own_version
from pipelines.contract.schema import LEDGER, QUARANTINE, TABLES
from pipelines.contract.warehouse import Version
from pipelines.steps.base import Account, Inputs, OptionalStep, Outcome, Step, Work
from pipelines.steps.boilerplate import Boilerplate
from pipelines.steps.clean import Clean
from pipelines.steps.decontaminate import Decontaminate
from pipelines.steps.dedup import Dedup
from pipelines.steps.exclude import Exclude
from pipelines.steps.ingest import Ingest, check_quarantine
from pipelines.steps.judge import Judge
from pipelines.steps.measure import Measure
from pipelines.steps.ngram_filter import STEP as FILTER
from pipelines.steps.ngram_filter import corpus_filter, kept_filter
from pipelines.steps.order import Order, placed
from pipelines.steps.passes import Riding
from pipelines.steps.publish import Publish
from pipelines.steps.register import Register, Registration
from pipelines.steps.repeated_lines import RepeatedLines
from pipelines.steps.scrub import Scrub
from pipelines.steps.split import Split
from pipelines.steps.tokenize import Tokenize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pipelines.contract.parts import Table
    from pipelines.contract.reference import Ref
    from pipelines.contract.warehouse import Warehouse
    from pipelines.engine.base import Engine
    from pipelines.steps.settings import Curation


class Reporter(Protocol):
    """Hears how a run goes."""

    def started(self, step: str) -> None:
        """A step begins."""
        ...

    def carries(self, step: str, riders: tuple[str, ...]) -> None:
        """The step has to be done, and these steps of later on do work while it reads."""
        ...

    def advanced(self, step: str, done: int, total: int) -> None:
        """Pieces of the verb that runs."""
        ...

    def finished(self, step: str, account: Account, wall_s: float, *, was_done: bool) -> None:
        """A step is done, now or long ago."""
        ...

    def warned(self, step: str, message: str) -> None:
        """Something that the user should know of a step that is done."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run left: the version that counts now, and which steps had to be done for it."""

    run_id: str
    version: Version | None
    manifests: Mapping[str, Manifest]
    done_now: tuple[str, ...] = field(default=())


def all_steps(registration: Registration, extra: Iterable[OptionalStep] = ()) -> tuple[Step, ...]:
    """The steps in their order; ``extra`` are those of the floors above, such as a model's perplexity as a table of signals."""
    brought = tuple(extra)
    steps = (
        Ingest(), Clean(), Measure(), Judge(brought), Dedup(), Split(), Register(registration), Decontaminate(), Scrub(), Tokenize(), Publish(),
    )  # fmt: skip
    return placed(steps, (Exclude(), RepeatedLines(), Boilerplate(), *brought))


class Runner:
    """One run of one curation in one warehouse. The engine is started when the first step needs it, so a finished run starts none."""

    def __init__(
        self,
        config: Curation,
        warehouse: Warehouse,
        registration: Registration,
        *,
        engine: Callable[[Path], Engine],
        engine_name: str,
        reporter: Reporter,
        extra: Iterable[OptionalStep] = (),
    ) -> None:
        """``engine`` makes an engine when given a folder for its scratch files; ``extra`` are steps of the floors above."""
        self._config = config
        self._warehouse = warehouse
        self._order = Order(all_steps(registration, extra), config)
        self._refs: dict[Ref, Table] = {}
        self._versions: dict[tuple[Path, int | None], int | None] = {}  # of other warehouses, as they were when this run first looked
        self._make_engine = engine
        self._engine_name = engine_name
        self._engine: Engine | None = None
        self._reporter = reporter
        self._manifests: dict[str, Manifest] = {}
        self._riding = Riding(config, (), self._work, warehouse.attempt)
        self._moved: defaultdict[str, _Spent] = defaultdict(_Spent)  # what steps used while they rode on others: to be put down where it belongs

    def run(self, until: str | None = None, before_publish: Callable[[Iterable[Manifest]], None] | None = None) -> RunResult:
        """All steps up to ``until``; the version is set only when every step is done and ``before_publish`` has not raised on their manifests.

        Raises:
            AssayError: a step failed; what was published before stays as it is, and finished steps stay finished.
        """
        names = self._order.names
        if until is not None and until not in names:
            raise ConfigError(f"--until {until}: no such step; {did_you_mean(until, names)}")
        last = names.index(until) if until else len(names) - 1
        config = encode(self._config)
        run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{self._config.name}"
        facts = {"engine": self._engine_name, "config_sha256": _sha256(config), "code_version": own_version(), "config": config}
        with self._warehouse.writing():
            self._warehouse.note_run(run_id, "started", facts)
            try:
                done_now = self._run_steps(self._order.steps[: last + 1])
                if before_publish and last == len(names) - 1:
                    before_publish(self._manifests.values())
                found = self._publish_version(run_id) if last == len(names) - 1 else None
            except BaseException as error:
                said = str(error) if isinstance(error, AssayError) else type(error).__name__
                self._warehouse.note_run(run_id, "ended", {"state": "failed", "error": said, "steps": self._keys()})
                raise
            finally:
                self._close()
            self._warehouse.note_run(run_id, "ended", {"state": "finished", "steps": self._keys()})
        return RunResult(run_id=run_id, version=found, manifests=dict(self._manifests), done_now=tuple(done_now))

    def plan(self) -> list[tuple[str, bool]]:
        """Each step and whether it is done, as far as that can be said without doing one."""
        rows = []
        self._check(self._order.steps)
        for step in self._order.steps:
            known = all(of in self._manifests for found in self._order.found(step) for of in found.writers)
            manifest = self._warehouse.find(step.name, self._planned(step).key) if known else None
            if manifest is not None:
                self._manifests[step.name] = manifest
            rows.append((step.name, manifest is not None))
        return rows

    # -- steps -------------------------------------------------------------------------------------------------------------------

    def _run_steps(self, steps: tuple[Step, ...]) -> list[str]:
        done_now = []
        self._check(steps)
        self._riding = Riding(self._config, steps, self._work, self._warehouse.attempt)
        for step in steps:
            self._reporter.started(step.name)
            start = time.monotonic()
            planned = self._planned(step)
            manifest = self._warehouse.find(step.name, planned.key)
            was_done = manifest is not None
            if manifest is None:
                manifest = self._do(step, planned)
                done_now.append(step.name)
            self._manifests[step.name] = manifest
            account = self._account(manifest)
            wall_s = time.monotonic() - start + self._moved[step.name].wall_s
            self._reporter.finished(step.name, account, wall_s, was_done=was_done)
            for message in manifest.about.get("warnings", ()):
                self._reporter.warned(step.name, message)
            self._check_limits(step, manifest, account)
        return done_now

    def _check(self, steps: tuple[Step, ...]) -> None:
        """Reads every step's configuration before the first works, so that a typo at the end does not cost an hour."""
        for step in steps:
            step.parts(self._config)
            self._order.found(step)
            for ref in self._order.refs(step):
                self._referred(step, ref)
            if step.name != "ingest":  # its parameters hold a look at every input file: once is enough
                step.params(self._config)

    def _do(self, step: Step, planned: Manifest) -> Manifest:
        engine = self._started()
        self._reporter.carries(step.name, self._riding.steps_on(step.name))
        engine.on_progress(lambda done, total: self._reporter.advanced(step.name, done, total))
        attempt = self._warehouse.attempt(step.name)
        work = self._work(step, attempt, planned.inputs)
        wall, cpu, rode = time.monotonic(), _cpu_s() + engine.cpu_s(), dict(engine.riders_cpu_s())
        outcome = step.run(work)
        outcome.account.check(step.name)
        self._check_unchanged(step, planned)
        spent = _Spent(_cpu_s() + engine.cpu_s() - cpu, time.monotonic() - wall)
        self._move(step, spent, {name: seconds - rode.get(name, 0.0) for name, seconds in engine.riders_cpu_s().items()})
        ledger = self._ledger(step, outcome, attempt, spent)
        about = {
            "engine": self._engine_name, "code_version": own_version(), "warnings": list(outcome.warnings),
            "refs": [encode(self._pinned(ref)) for ref in self._order.refs(step)],
        }  # fmt: skip
        return self._warehouse.publish(replace(planned, about=about), {**outcome.tables, "ledger": ledger}, outcome.artifacts)

    def _check_unchanged(self, step: Step, planned: Manifest) -> None:
        """Raises InputError where what the key says is no longer so: workers may have read a list, a preset or a model that changed meanwhile."""
        if step.name != "ingest" and step.params(self._config) != planned.params:  # ingest compares its files itself, one by one
            where = f"{self._config.name}: {step.name}"
            raise InputError(f"{where}: a file that decides its result changed while it was read; nothing was published: run the same command again")

    def _move(self, step: Step, spent: _Spent, riders_cpu_s: Mapping[str, float]) -> None:
        """Takes what riders used from the step, and puts it down for the steps whose work it was: of the time, their share of the CPU."""
        for name, seconds in riders_cpu_s.items():
            for_step, to = name.rpartition(".")[0], spent.wall_s * seconds / max(spent.cpu_s, seconds, 1e-9)
            for where, sign in ((for_step, 1), (step.name, -1)):
                self._moved[where].cpu_s += sign * seconds
                self._moved[where].wall_s += sign * to

    def _ledger(self, step: Step, outcome: Outcome, attempt: Path, spent: _Spent) -> Any:
        moved = self._moved[step.name]
        row = {
            "step": step.name,
            **asdict(outcome.account),
            "cpu_s": max(0.0, spent.cpu_s + moved.cpu_s),
            "wall_s": max(0.0, spent.wall_s + moved.wall_s),
        }
        row["peak_rss_bytes"] = max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, self._started().peak_rss_bytes())
        with PartWriter(attempt / "ledger", {"ledger": LEDGER.schema}) as writer:
            writer.write({"ledger": pa.RecordBatch.from_pylist([row], schema=LEDGER.schema)})
        return tables_of(writer.files, {"ledger": LEDGER.schema})["ledger"]

    def _planned(self, step: Step) -> Manifest:
        """What the step will be made of, looked at once: what its key says is what its manifest says, whatever changes while it works."""
        params, parts, inputs = step.params(self._config), step.parts(self._config), self._input_contents(step)
        key = step_key(step.name, {"params": params}, {"step": step.version, **parts}, inputs)
        return Manifest(step=step.name, key=key, params=params, parts=parts, inputs=inputs, tables={})

    def _input_contents(self, step: Step) -> dict[str, str]:
        of_steps = {
            f"{of}.{found.asked[1]}": self._manifests[of].tables[found.asked[1]].content_sha256
            for found in self._order.found(step)
            for of in found.writers
        }
        refs = self._order.refs(step)  # numbered, since a table's content counts and not where it lies
        return of_steps | {f"elsewhere.{i}.{ref.table}": self._referred(step, ref).content_sha256 for i, ref in enumerate(refs)}

    def _work(self, step: Step, folder: Path, contents: Mapping[str, str] | None = None) -> Work:
        """A step's work in a folder. Of what rides before its step's turn comes, only the inputs that are there by then are known."""
        inputs = self._inputs(step, contents or {})
        return Work(
            step=step.name, config=self._config, warehouse=self._warehouse, engine=self._started(), folder=folder, inputs=inputs, riding=self._riding
        )

    def _inputs(self, step: Step, contents: Mapping[str, str]) -> Inputs:
        known = [found for found in self._order.found(step) if all(of in self._manifests for of in found.writers)]
        of_steps = {found.asked: tuple(self._input(of, found.asked[1]) for of in found.writers) for found in known}
        elsewhere = {ref: self._referred(step, ref) for ref in self._order.refs(step)}
        return Inputs(of_steps=of_steps, of_warehouses=elsewhere, contents=contents)

    def _input(self, of: str, name: str) -> Table:
        return self._warehouse.table(self._manifests[of], name, self._order.step(of).outputs(self._config)[name])

    def _referred(self, step: Step, ref: Ref) -> Table:
        """A table of another warehouse, looked up once a run, so that a version published there meanwhile changes nothing."""
        if ref not in self._refs:
            try:
                self._refs[ref] = self._pinned(ref).read(TABLES[ref.table].schema)
            except AssayError as error:
                raise type(error)(f"{self._config.name}: {step.name}: {error}") from None
        return self._refs[ref]

    def _pinned(self, ref: Ref) -> Ref:
        """The reference with its version said: one version of a warehouse for all that a run reads of it."""
        if ref.warehouse.resolve() == self._warehouse.root.resolve():
            raise ConfigError(f"{ref.warehouse}: this run's own warehouse; it cannot be read as another corpus while it is being written")
        known = (ref.warehouse, ref.version)
        if known not in self._versions:
            self._versions[known] = ref.pinned().version
        return replace(ref, version=self._versions[known])

    def _account(self, manifest: Manifest) -> Account:
        row = read_table(self._warehouse.table(manifest, "ledger", LEDGER.schema)).to_pylist()[0]
        return Account(**{name: row[name] for name in Account.__dataclass_fields__})

    def _check_limits(self, step: Step, manifest: Manifest, account: Account) -> None:
        if account.docs_quarantined:
            aside = read_table(self._warehouse.table(manifest, "quarantine", QUARANTINE.schema))
            check_quarantine(account, aside, self._config.ingest.max_quarantine_ratio, f"{self._config.name}: {step.name}")

    # -- around them -------------------------------------------------------------------------------------------------------------

    def _publish_version(self, run_id: str) -> Version:
        kept = {}
        newest = self._warehouse.version()
        steps = self._keys()
        if newest is not None and all(newest.steps.get(name) == key for name, key in steps.items()):
            kept = {name: key for name, key in newest.steps.items() if name not in steps}  # models and scores of this very corpus
        found = self._warehouse.set_version({**steps, **kept}, note=run_id)
        point_at_corpus(self._warehouse, self._manifests["publish"])
        self._keep_filter()
        self._warehouse.sweep()
        return found

    def _keep_filter(self) -> None:
        """Makes the filter by which later benchmarks are looked for, if this corpus has none: the corpus counts already, and does not wait for it."""
        publish = self._manifests["publish"]
        if kept_filter(self._warehouse, publish) is None:
            self._reporter.started(FILTER)
            self._started().on_progress(lambda done, total: self._reporter.advanced(FILTER, done, total))
            corpus_filter(self._warehouse, publish, self._started)

    def _keys(self) -> dict[str, str]:
        return {name: manifest.key for name, manifest in self._manifests.items()}

    def _started(self) -> Engine:
        if self._engine is None:
            self._engine = self._make_engine(self._warehouse.root / "scratch")
        return self._engine

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        shutil.rmtree(self._warehouse.root / "scratch", ignore_errors=True)


@dataclass
class _Spent:
    cpu_s: float = 0.0
    wall_s: float = 0.0


def _cpu_s() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usage)


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def point_at_corpus(warehouse: Warehouse, publish: Manifest) -> None:
    """Makes ``WAREHOUSE/corpus`` a link to a published folder, swapped in one step."""
    path = publish.artifacts["README.md"].path
    scratch = warehouse.root / f".corpus-{os.getpid()}"
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(path.rsplit("/", 1)[0])
    scratch.replace(warehouse.root / "corpus")
