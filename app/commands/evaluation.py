"""``assay eval``: the tasks of a run file, asked of a model."""

from __future__ import annotations

from app.grammar import RUN_FILE, command_group
from app.terminal import JsonOption, ModelOption, RunFileArgument, VerifyOption, out, print_json

group = command_group("Score the trained model, or another; every score with its interval, split by contamination.")


@group.command(RUN_FILE)
def evaluate(
    run_file: RunFileArgument,
    *,
    model: ModelOption = None,
    must_verify: VerifyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Score the trained model; every score with its interval, split by contamination."""
    from app.settings import load

    settings = load(run_file)
    from app.evaluation import evaluate_model  # slow to import, so a mistake in the run file is told first

    evaluated = evaluate_model(settings, out, model=model, quiet=as_json, must_verify=must_verify)
    if as_json:
        print_json(evaluated.facts())
