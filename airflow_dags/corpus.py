"""The weekly round: corpus, training, evaluation, each verified before it counts. Each task is one call of the command line.

Standard library and Airflow only. assay lives in an environment of its own: the interpreter that ``ASSAY_PYTHON`` names, or the one of the
``.venv`` beside this folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from airflow.sdk import DAG, Asset, BaseOperator, CronTriggerTimetable, Param, chain
from airflow.sdk.exceptions import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

ROOT: Final = Path(__file__).resolve().parent.parent
BAD_USAGE: Final = 2  # the command line's exit code for a run file or an option that cannot work: trying again will not help
MAX_REPORT_BYTES: Final = 4096  # a report is names, hashes and counts: what is longer is shortened, for the database of a scheduler
_MAX_VALUE_BYTES: Final = 256  # of one value of a report that is shortened
GRACE_S: Final = 20.0  # for assay to stop its workers before they are killed

CORPUS = Asset(name="assay_corpus", uri="assay://warehouse/corpus")
CHECKPOINT = Asset(name="assay_checkpoint", uri="assay://warehouse/checkpoint")
SCORES = Asset(name="assay_scores", uri="assay://warehouse/scores")


class AssayOperator(BaseOperator):
    """Runs ``assay ARGUMENTS... --json`` and returns the one JSON object that it prints, without its rows: those are in tables.

    A report that is too long is shortened to its hash, its counts and its short values; that is no reason for a task to fail.

    Raises:
        AirflowFailException: bad usage, or there is no assay; no retry.
        AirflowException: assay failed; a retry goes on where it stopped, since a finished step is never done twice.
    """

    template_fields: ClassVar[Sequence[str]] = ("arguments",)

    def __init__(self, *, arguments: Sequence[str], **kwargs: Any) -> None:
        """Takes the arguments one by one: they reach assay as they are, through no shell."""
        super().__init__(**kwargs)
        self.arguments = list(arguments)
        self._process: subprocess.Popen[str] | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """The report, which is also written beside the events of the task's assets."""
        report = _report(self._run([_python(), "-m", "app.cli", *self.arguments, "--json"]), self.task_id)
        for asset in self.outlets:
            context["outlet_events"][asset].extra = report
        return report

    def on_kill(self) -> None:
        """Stops assay and every process it started."""
        if self._process is not None:
            _stop(self._process)

    def _run(self, command: list[str]) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}  # which holds Airflow's secrets
        try:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
        except OSError as error:
            raise AirflowFailException(f"{command[0]}: cannot be run ({type(error).__name__}); set ASSAY_PYTHON, or run: make demo") from None
        try:
            printed, _ = self._process.communicate()
        except BaseException:  # a timeout or a signal: nothing may go on writing behind Airflow's back
            _stop(self._process)
            raise
        if self._process.returncode == BAD_USAGE:
            raise AirflowFailException(f"assay {self.arguments}: bad usage or run file, so there will be no retry; the log above says what")
        if self._process.returncode != 0:
            raise AirflowException(f"assay {self.arguments}: exit code {self._process.returncode}; the log above says why")
        return printed


def _python() -> str:
    return os.environ.get("ASSAY_PYTHON") or str(ROOT / ".venv" / "bin" / "python")


def _report(printed: str, task: str) -> dict[str, Any]:
    try:
        report = json.loads(printed)
    except json.JSONDecodeError:
        raise AirflowFailException(f"{task}: assay was to print one JSON object and printed {len(printed)} characters of something else") from None
    if not isinstance(report, dict):
        raise AirflowFailException(f"{task}: assay was to print one JSON object and printed another kind of JSON")
    handed_on = {name: value for name, value in report.items() if not _is_rows(value)}
    return handed_on if _num_bytes(handed_on) <= MAX_REPORT_BYTES else _shortened(handed_on)


def _shortened(report: dict[str, Any]) -> dict[str, Any]:
    """The hash of a report with, as far as there is room for them, its short values and how many the others hold."""
    printed = json.dumps(report, sort_keys=True).encode()
    shortened: dict[str, Any] = {"shortened_from_bytes": len(printed), "report_sha256": hashlib.sha256(printed).hexdigest()}
    for name, value in report.items():
        counted = {"num_values": len(value)} if isinstance(value, (dict, list)) else {"num_characters": len(str(value))}
        short = value if _num_bytes(value) <= _MAX_VALUE_BYTES else counted
        if _num_bytes({**shortened, name: short}) <= MAX_REPORT_BYTES:
            shortened[name] = short
    return shortened


def _num_bytes(value: object) -> int:
    return len(json.dumps(value).encode())


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(row, dict) for row in value)


def _stop(process: subprocess.Popen[str]) -> None:
    """Asks the whole process group to end, then ends it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(GRACE_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


with DAG(
    dag_id="assay",
    description="From sources to a published corpus, a checkpoint and its scores",
    # A moment, not an interval: a run reads the sources as they stand, so there is no stretch of time that it would be the run of, and running the
    # past again would only give the present again. Said in full, since what a bare cron string means has changed with Airflow 3.
    schedule=CronTriggerTimetable("0 3 * * 1", timezone="UTC"),
    start_date=datetime(2026, 1, 5, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,  # one writer to a warehouse
    params={
        "run_file": Param("runs/web.toml", type="string", pattern=r"^[^-].*\.toml$", description="Run file, absolute or relative to the checkout"),
        "engine": Param("spark", type="string", enum=["local", "spark"], description="What runs the steps; the corpus is the same"),
    },
    default_args={
        "owner": "assay",
        "retries": 2,
        "retry_delay": timedelta(minutes=2),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=30),
        "execution_timeout": timedelta(hours=12),
    },
    tags=["assay", "corpus"],
    doc_md="""
### assay: corpus, checkpoint, scores

| task | command | publishes | announces |
|---|---|---|---|
| `corpus` | `assay run RUN.toml --engine ENGINE --verify` | every table up to the shards | |
| `verify_corpus` | `assay verify RUN.toml` | | `assay_corpus` |
| `train` | `assay train RUN.toml --verify` | a checkpoint | |
| `evaluate` | `assay eval RUN.toml --verify` | predictions and scores | |
| `verify_scores` | `assay verify RUN.toml` | | `assay_checkpoint`, `assay_scores` |

With `--verify` a command reads every file that it made or found against its hash and publishes a version only if all agree. Assets are announced by
the tasks that read the published version once more, as other processes see it: what waits for an asset never starts on files that differ.

A task that is run again is cheap: a finished step is found by its key and not done twice. Exit code 2 (a wrong run file) is not retried.
What tasks hand on is the version, the hashes and the counts, never text. A run has no data interval: it reads the sources as they stand, so a
backfill would make the same corpus many times over.
""",
) as dag:
    corpus = AssayOperator(
        task_id="corpus",
        arguments=["run", "{{ params.run_file }}", "--engine", "{{ params.engine }}", "--verify"],
        doc_md="Curates: every step from ingest to publish, each with its manifest; verifies the files, then publishes.",
    )
    verify_corpus = AssayOperator(
        task_id="verify_corpus",
        arguments=["verify", "{{ params.run_file }}"],
        outlets=[CORPUS],
        execution_timeout=timedelta(hours=4),
        doc_md="Reads every file that the current version names and compares its hash; then the corpus is announced.",
    )
    train = AssayOperator(
        task_id="train",
        arguments=["train", "{{ params.run_file }}", "--verify"],
        execution_timeout=timedelta(hours=48),
        doc_md="Trains on the shards of the corpus; goes on from the last checkpoint of the same plan.",
    )
    evaluate = AssayOperator(
        task_id="evaluate",
        arguments=["eval", "{{ params.run_file }}", "--verify"],
        doc_md="Scores the checkpoint, split by what its own corpus had seen.",
    )
    verify_scores = AssayOperator(
        task_id="verify_scores",
        arguments=["verify", "{{ params.run_file }}"],
        outlets=[CHECKPOINT, SCORES],
        execution_timeout=timedelta(hours=4),
        doc_md="Reads every file once more, those of the model and of its scores too; then both are announced.",
    )
    chain(corpus, verify_corpus, train, evaluate, verify_scores)
