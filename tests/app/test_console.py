"""What a run says while it works."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

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
