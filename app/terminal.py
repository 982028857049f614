"""What the commands share: where they print, and the options that mean the same everywhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from app.warehouse_place import warehouse_path
from pipelines.contract.errors import ConfigError

if TYPE_CHECKING:
    from pipelines.contract.warehouse import Warehouse

RunFileArgument = Annotated[Path, typer.Argument(help="Run file (TOML).", show_default=False)]
RunFileIfAny = Annotated[Path | None, typer.Argument(help="Run file whose warehouse to check.")]
ModelOption = Annotated[Path | None, typer.Option("--model", help="A local Hugging Face folder instead of the trained model.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output instead of a report.")]
WarehouseOption = Annotated[Path | None, typer.Option("--warehouse", "-w", help="Warehouse; ASSAY_WAREHOUSE or ./warehouse if not given.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="CSV on standard output.")]
VerifyOption = Annotated[bool, typer.Option("--verify", help="Read every file against its hash before anything is published.")]

out = Console()
err = Console(stderr=True)


def chosen_warehouse(chosen: Path | None) -> Warehouse:
    """The warehouse of ``--warehouse``, else of the environment, else ./warehouse.

    Raises:
        ConfigError: the folder that was named does not exist.
    """
    from pipelines.contract.warehouse import Warehouse

    place = chosen or warehouse_path()
    if chosen is not None and not chosen.is_dir():
        raise ConfigError(f"--warehouse {chosen}: no such folder")
    return Warehouse(place)


def print_json(value: Any) -> None:
    """Writes one JSON value on one line."""
    sys.stdout.write(json.dumps(value, default=str, sort_keys=True) + "\n")
