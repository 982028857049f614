"""What may stand after ``assay NAME``: a run file, or a subcommand."""

from __future__ import annotations

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from app.grammar import RUN_FILE, command_group
from pipelines.contract.errors import ConfigError


@pytest.fixture
def app() -> typer.Typer:
    program, group = typer.Typer(), command_group("Mixes.")

    @group.command(RUN_FILE)
    def mix(run_file: str, *, model: Annotated[str, typer.Option()] = "own") -> None:
        typer.echo(f"{run_file} with {model}")

    @group.command()
    def weights() -> None:
        typer.echo("weights")

    program.add_typer(group, name="mix")
    return program


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("mix a.toml", "a.toml with own"),
        ("mix b/c.toml --model theirs", "b/c.toml with theirs"),
        ("mix --model theirs a.toml", "a.toml with theirs"),
        ("mix --model=d.toml a.toml", "a.toml with d.toml"),
        ("mix weights", "weights"),
    ],
)
def test_a_first_argument_that_ends_in_toml_is_a_run_file_and_anything_else_a_subcommand(app, typed, answer):
    done = CliRunner().invoke(app, typed.split())
    assert (done.exit_code, done.output) == (0, f"{answer}\n")


@pytest.mark.parametrize(
    ("typed", "said"), [("mix wieghts", "did you mean 'weights'"), ("mix a.json", r"its name ends in \.toml.*there are: weights")]
)
def test_anything_that_is_neither_is_told_what_there_is(app, typed, said):
    with pytest.raises(ConfigError, match=said):
        CliRunner().invoke(app, typed.split(), catch_exceptions=False)


def test_the_help_lists_both_ways(app):
    for typed in (["mix"], ["mix", "--help"]):
        told = CliRunner().invoke(app, typed).output
        assert "RUN.toml" in told
        assert "weights" in told


def test_the_usage_of_a_run_file_says_what_is_typed(app):
    told = CliRunner().invoke(app, ["mix", "--model", "x"])
    assert told.exit_code == 2
    assert RUN_FILE not in told.output
