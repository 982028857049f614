"""The benchmarks of a run: what the evaluation side hands to the curation side, as a table and never as an import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalsuite.base import Task, tasks
from evalsuite.registration import TaskRegistration
from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean
from pipelines.steps.settings import parts

if TYPE_CHECKING:
    from app.settings import EvalConfig, RunFile


def tasks_of(config: EvalConfig) -> dict[str, Task]:
    """The tasks of a run file by name."""
    return parts(tasks, config.tasks, "eval.tasks")


def registration(settings: RunFile) -> TaskRegistration:
    """What the step ``register`` is handed.

    Raises:
        ConfigError: an action is set for a benchmark that is not among the tasks.
    """
    made = tasks_of(settings.eval)
    for name in settings.decontaminate.actions:
        if name not in made:
            raise ConfigError(f"{settings.name}: decontaminate.actions.{name}: no task of this name is in eval.tasks; {did_you_mean(name, made)}")
    return TaskRegistration(tasks=made)
