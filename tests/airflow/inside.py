"""Runs in Airflow's own environment, started by ``test_dags.py``: looks at the DAGs, runs some, and writes what it saw as JSON.

inside.py WANTED.json REPORT.json    one run for each element of WANTED.json: {"name", "conf", "python", "seconds" (a task may take)}
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Asset

BAD_PARAMS = [("run_file", "--help.toml"), ("run_file", "run.json"), ("run_file", 3), ("engine", "flink")]
LONG = [
    {"version": 7, "manifests": {f"eval:{n}": "a" * 64 for n in range(99)}, "done_now": ["eval"], "scores": [{"text": "t" * 9999}]},
    {f"step {n}": "a" * 64 for n in range(9999)},
    {"said": "w" * 9999},
]
DAGS = Path(__file__).resolve().parents[2] / "airflow_dags"


def describe() -> dict:
    bag = DagBag(str(DAGS))
    return {"import_errors": bag.import_errors, "dags": {name: _dag(dag) for name, dag in bag.dags.items()}, "shortened": _shortened()}


def _shortened() -> list[dict]:
    sys.path.insert(0, str(DAGS.parent))
    corpus = importlib.import_module("airflow_dags.corpus")
    return [corpus._report(json.dumps(report), "task") for report in LONG]


def _dag(dag) -> dict:
    return {
        "schedule": f"{type(dag.schedule).__name__}",
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "tags": sorted(dag.tags),
        "doc_md": dag.doc_md,
        "params": {name: dag.params.get_param(name).schema for name in dag.params},
        "refused": [value for name, value in BAD_PARAMS if _refuses(dag.params.get_param(name), value)],
        "edges": sorted([task.task_id, below] for task in dag.tasks for below in task.downstream_task_ids),
        "tasks": {task.task_id: _task(task) for task in dag.tasks},
    }


def _refuses(param, value) -> bool:
    try:
        param.resolve(value)
    except ValueError:
        return True
    return False


def _task(task) -> dict:
    return {
        "owner": task.owner,
        "retries": task.retries,
        "retry_exponential_backoff": task.retry_exponential_backoff,
        "max_retry_delay_s": task.max_retry_delay.total_seconds(),
        "execution_timeout_s": task.execution_timeout.total_seconds(),
        "doc_md": task.doc_md,
        "arguments": task.arguments,
        "outlets": [outlet.name for outlet in task.outlets if isinstance(outlet, Asset)],
    }


def run(conf: dict, python: str, seconds: float | None = None) -> dict:
    os.environ["ASSAY_PYTHON"] = python
    dag = DagBag(str(DAGS)).dags["assay"]
    for task in dag.tasks:
        task.retry_delay, task.retry_exponential_backoff = timedelta(0), 0  # tests do not wait, but they count the tries
        if seconds:
            task.execution_timeout, task.retries = timedelta(seconds=seconds), 0
    done = dag.test(run_conf=conf)
    tasks = done.get_task_instances()
    for ti in tasks:
        ti.refresh_from_db()
    return {
        "tasks": {ti.task_id: str(ti.state) for ti in tasks},
        "tries": {ti.task_id: ti.try_number for ti in tasks},
        "reports": {ti.task_id: ti.xcom_pull(task_ids=ti.task_id, key="return_value") for ti in tasks if str(ti.state) == "success"},
    }


if __name__ == "__main__":
    wanted, report = map(Path, sys.argv[1:])
    runs = {one.pop("name"): run(**one) for one in json.loads(wanted.read_text(encoding="utf-8"))}
    report.write_text(json.dumps({**describe(), "runs": runs}), encoding="utf-8")
