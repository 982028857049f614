"""``assay train``: the model of a run file, and what its steps read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from app.grammar import RUN_FILE, command_group
from app.terminal import CsvOption, JsonOption, RunFileArgument, VerifyOption, WarehouseOption, chosen_warehouse, out, print_json

group = command_group("Train a model on the published shards (RUN.toml), or ask what a training step read (documents).")


@group.command(RUN_FILE)
def train(run_file: RunFileArgument, *, must_verify: VerifyOption = False, as_json: JsonOption = False) -> None:
    """Train a model on the published shards; a killed training goes on where it stopped."""
    from app.settings import load

    settings = load(run_file)
    from app.training import train_model  # slow to import, so a mistake in the run file is told first

    trained = train_model(settings, out, quiet=as_json, must_verify=must_verify)
    if as_json:
        print_json(trained.facts())


@group.command()
def documents(
    *,
    step: Annotated[int, typer.Option("--step", min=1, help="Training step; the first is 1.")],
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """The documents that a training step read, row by row; `assay why DOC_ID` goes the other way."""
    import pyarrow as pa

    from app.asking import write
    from app.readings import documents_of

    spans = documents_of(chosen_warehouse(warehouse), step)
    write(pa.Table.from_pylist([asdict(span) for span in spans]), out, as_json=as_json, as_csv=as_csv)
