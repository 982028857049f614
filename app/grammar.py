"""The grammar of commands: after ``assay NAME``, an argument that ends in .toml is a run file, anything else a subcommand.

``@group.command(RUN_FILE)`` makes the command of a run file (``assay train RUN.toml``, ``assay train --json RUN.toml``), ``@group.command()`` a
subcommand (``assay train documents --step 7``), where ``group = command_group("Train a model.")``.
"""

from __future__ import annotations

from typing import Any, Final

import typer
from typer.core import TyperGroup

from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean

RUN_FILE: Final = "RUN.toml"  # name of the command that takes a run file, as the help lists it
_HELP: Final = "--help"


class RunFileGroup(TyperGroup):
    """A group whose command ``RUN_FILE`` takes every call that begins with a run file, or with an option that is not ``--help``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the name of the command in front, so that its options may stand before the run file too."""
        is_run = bool(args) and (args[0].endswith(".toml") or (args[0].startswith("-") and args[0] != _HELP))
        return super().parse_args(ctx, [RUN_FILE, *args] if is_run else args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of a name.

        Raises:
            ConfigError: there is none; the message says what a run file looks like.
        """
        if self.get_command(ctx, args[0]) is None:
            names = [name for name in self.list_commands(ctx) if name != RUN_FILE]
            there = did_you_mean(args[0], names) if names else "it takes a run file only"
            raise ConfigError(f"{ctx.command_path} {args[0]}: neither a run file (its name ends in .toml) nor a subcommand; {there}")
        name, command, rest = super().resolve_command(ctx, args)
        return "" if name == RUN_FILE else name, command, rest  # usage and errors then say what is typed: assay train [OPTIONS] RUN_FILE


def command_group(description: str) -> typer.Typer:
    """A command that takes a run file or a subcommand."""
    return typer.Typer(cls=RunFileGroup, help=description, no_args_is_help=True, subcommand_metavar=f"{RUN_FILE} | COMMAND [ARGS]...")
