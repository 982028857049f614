"""The loop as a person types it, for tests that share one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tiny_corpus import write_run_file
from typer.testing import CliRunner

from app.cli import app

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = """
[train]
max_steps = 12
batch_tokens = 256
checkpoint_every_steps = 6
log_every_steps = 3
warmup_steps = 2
[train.model]
num_layers = 1
width = 32
num_heads = 2
num_kv_heads = 1
hidden = 64
context_length = 64
"""


def typed(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def asked(warehouse: Path, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(typed("sql", query, "-w", warehouse, "--json"))
    return rows


def done(folder: Path) -> Path:
    """Curates, trains and evaluates below a folder; returns the run file."""
    path = write_run_file(folder, extra=TRAIN)
    text = path.read_text(encoding="utf-8").replace(', {use = "gsm8k"', ', "humaneval", {use = "gsm8k", max_items = 2, max_new_tokens = 8')
    path.write_text(text, encoding="utf-8")
    typed("run", path, "--json")
    typed("train", path, "--json")
    typed("eval", path, "--json")
    return path
