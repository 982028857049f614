"""What a run says while it works."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from app.cli import app
from app.console import ConsoleReporter
from pipelines.text import compile as compiling
from pipelines.text import kernel_records

if TYPE_CHECKING:
    import pytest


def test_the_wait_for_kernels_is_said_once_with_what_makes_it_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_records, "_TROUBLE", ["/srv/x: compiled kernels cannot be kept there"])
    said = io.StringIO()
    with ConsoleReporter(Console(file=said, width=60)) as reporter:
        reporter.started("measure")
        for name in ("a", "b"):
            compiling._announce(name)
    compiling._announce("after the run")
    assert said.getvalue().count("compiling kernels, once for this machine") == 1
    assert said.getvalue().count("warning: /srv/x: compiled kernels cannot be kept there") == 1


def test_no_help_holds_brackets_that_the_terminal_would_take_for_a_style() -> None:
    said, open_groups = [], [typer.main.get_command(app)]
    while open_groups:
        command = open_groups.pop()
        open_groups += getattr(command, "commands", {}).values()
        said += [command.help or "", *(getattr(parameter, "help", None) or "" for parameter in command.params)]
    assert [text for text in said if re.search(r"\[[a-z_]+\]", text)] == []
