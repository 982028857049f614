"""The benchmarks of a run: what the evaluation side hands to the curation side, as a table and never as an import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalsuite.base import Task, tasks
from evalsuite.registration import TaskRegistration
from pipelines.steps.settings import parts

if TYPE_CHECKING:
    from app.settings import EvalConfig


def tasks_of(config: EvalConfig) -> dict[str, Task]:
    """The tasks of a run file by name."""
    return parts(tasks, config.tasks, "eval.tasks")


def registration(config: EvalConfig) -> TaskRegistration:
    """What the step ``register`` is handed."""
    return TaskRegistration(tasks=tasks_of(config))
