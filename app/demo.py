"""``assay demo``: curate, train, evaluate, report, on the text of this Python environment."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.curation import curate
from app.evaluation import evaluate_model
from app.report import show_report
from app.settings import load
from app.training import continue_text, train_model
from pipelines.contract.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

RUN_FILE = Path("runs") / "demo.toml"
PROMPT = "Permission is hereby granted, free of charge, to any person"


def run_demo(console: Console, *, as_json: bool) -> None:
    """Runs the loop and prints the report, or with ``as_json`` what programs want to know of it.

    Raises:
        ConfigError: the command was not typed in a checkout of assay.
    """
    if not RUN_FILE.is_file():
        raise ConfigError(f"{RUN_FILE}: no such file here; type `assay demo` in a checkout of assay, or `assay run RUN.toml` with a file of yours")
    started = time.monotonic()
    settings = load(RUN_FILE)
    _say(console, as_json, "Curating what this Python environment says of itself: descriptions, licences, documentation, docstrings.")
    curated = curate(settings, settings.engine, console, quiet=as_json)
    _say(console, as_json, "Training a small Llama on it.")
    trained = train_model(settings, console, quiet=as_json)
    _say(console, as_json, "Scoring it.")
    evaluated = evaluate_model(settings, console, quiet=as_json)
    seconds = time.monotonic() - started
    if as_json:
        facts = {**curated.facts(), "train": trained.facts(), "eval": evaluated.facts(), "seconds": seconds}
        sys.stdout.write(json.dumps(facts, sort_keys=True) + "\n")
        return
    made = continue_text(curated.warehouse, PROMPT, 60, 0.7, 0)
    show_report(curated.warehouse, console, evaluated.model, (PROMPT, made.removeprefix(PROMPT)))
    console.print(f"\nThe loop took {seconds:.0f} seconds.", highlight=False)


def _say(console: Console, quiet: bool, text: str) -> None:  # noqa: FBT001
    if not quiet:
        console.print(f"\n[bold]{text}[/bold]")
