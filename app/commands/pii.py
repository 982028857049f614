"""``assay pii``: how well personal data is found, by labels and by people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.terminal import JsonOption, err, out, print_json
from pipelines.contract.errors import ConfigError

group = typer.Typer(help="How well personal data is found: by labelled texts (evaluate), and by people who look (audit).", no_args_is_help=True)
RunFileOption = Annotated[Path | None, typer.Option("--run-file", help="Run file whose [scrub] is evaluated; assay's defaults if not given.")]


@group.command()
def evaluate(
    labels: Annotated[
        Path, typer.Argument(help="Labelled texts: JSON or JSON Lines with spans, or BIO tags (.bio, .conll, .iob, .tsv).", show_default=False)
    ],
    *,
    run_file: RunFileOption = None,
    detectors: Annotated[
        list[str] | None, typer.Option("--detectors", help="Detectors by name, with their defaults, instead of a run file's.")
    ] = None,
    names: Annotated[list[str] | None, typer.Option("--map", help="A kind of the labels and what it is here, as SURNAME=PERSON.")] = None,
    offsets: Annotated[
        str | None, typer.Option("--offsets", help="What offsets count, where the file does not tell: characters, bytes or tokens.")
    ] = None,
    num_errors: Annotated[int, typer.Option("--errors", min=0, help="Places of so many differences; --json has all.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Precision, recall and leak rate by kind of personal data, each with its 95% interval, on labelled texts."""
    from app.pii_labels import UNITS, read_labels

    unit = next((u for u in UNITS if u == offsets), None)
    if offsets is not None and unit is None:
        raise ConfigError(f"--offsets {offsets}: no such unit; there are: {', '.join(UNITS)}")
    if run_file is not None and detectors:
        raise ConfigError("pii evaluate: give --run-file or --detectors, not both")
    texts = read_labels(labels, unit)
    from app.pii_evaluation import evaluate as evaluated  # slow to import, so a mistake in the labels is told first
    from app.pii_evaluation import show
    from app.settings import load
    from pipelines.steps.settings import Scrub

    settings = load(run_file).scrub if run_file else Scrub(detectors=tuple(detectors)) if detectors else Scrub()
    told = evaluated(texts, settings, names or (), None if as_json else err)
    if as_json:
        print_json(told.facts())
    else:
        show(told, out, num_errors)
