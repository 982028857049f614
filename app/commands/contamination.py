"""``assay contamination``: benchmark items in a published corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.terminal import JsonOption, WarehouseOption, chosen_warehouse, out, print_json

TasksArgument = Annotated[
    Path | None, typer.Argument(metavar="TASKS.toml", help="A file with `tasks = [...]`, as a run file has it under eval.", show_default=False)
]
group = typer.Typer(
    help="Benchmark items in a published corpus: what was met (report), or whether a new one is in it (check).",
    no_args_is_help=True,
)


@group.command()
def check(
    tasks_file: TasksArgument = None,
    *,
    task: Annotated[list[str] | None, typer.Option("--task", help="A task by its name; may be given several times.")] = None,
    semantic: Annotated[bool, typer.Option("--semantic", help="Read all of it for the same in other words too; flags only.")] = False,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for a new benchmark, word for word, in the published corpus; only what may hold one of its items is read again."""
    from app.rechecking import check_tasks, chosen_tasks
    from pipelines.contamination.semantic import SemanticRule

    tasks = chosen_tasks(tasks_file, task or ())
    checked = check_tasks(chosen_warehouse(warehouse), tasks, out, semantic=SemanticRule() if semantic else None, quiet=as_json)
    if as_json:
        print_json(checked.facts())
    else:
        checked.show(out)


@group.command()
def report(
    benchmark: Annotated[str | None, typer.Argument(metavar="TASK", help="One task by its name; all if not given.", show_default=False)] = None,
    *,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Items met by tier, question or answer or both, by source and month, and what was done about them."""
    from app.contamination_report import report as reported

    told = reported(chosen_warehouse(warehouse), benchmark)
    if as_json:
        print_json(told.facts())
    else:
        told.show(out)
