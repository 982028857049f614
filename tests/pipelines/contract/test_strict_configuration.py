"""Strict configuration: every mistake is one line that says where and what."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from pipelines.contract.config import decode, encode, load_toml
from pipelines.contract.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Inner:
    ratio: float = 0.5
    mode: Literal["drop", "cut"] = "drop"


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    count: int = 1
    place: Path | None = None
    names: tuple[str, ...] = ()
    by_name: dict[str, int] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)


def test_a_whole_table_becomes_the_dataclass() -> None:
    made = decode(Outer, {"name": "a", "place": "x/y", "names": ["p"], "by_name": {"k": 2}, "inner": {"ratio": 1}}, "run.toml")
    assert made == Outer(name="a", place=Path("x/y"), names=("p",), by_name={"k": 2}, inner=Inner(ratio=1.0))
    assert encode(made)["inner"] == {"ratio": 1.0, "mode": "drop"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"name": "a", "cuont": 1}, "run.toml.cuont: unknown key; did you mean 'count'?"),
        ({}, "run.toml.name: this key is required, as a string"),
        ({"name": 1}, "run.toml.name: expected a string, got 1"),
        ({"name": "a", "count": "1"}, "run.toml.count: expected a whole number, got '1'"),
        ({"name": "a", "count": True}, "run.toml.count: expected a whole number, got True"),
        ({"name": "a", "names": "p"}, "run.toml.names: expected a list, got 'p'"),
        ({"name": "a", "names": ["p", 2]}, "run.toml.names[1]: expected a string, got 2"),
        ({"name": "a", "inner": {"mode": "drpo"}}, "run.toml.inner.mode: got 'drpo'; did you mean 'drop'?"),
        ({"name": "a", "inner": 3}, "run.toml.inner: expected a table, got 3"),
    ],
)
def test_each_mistake_is_one_line_with_its_place(table: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        decode(Outer, table, "run.toml")
    assert str(caught.value) == said


def test_a_missing_run_file_suggests_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "demo.toml").write_text("name = 'x'")
    with pytest.raises(ConfigError, match=r"demoo\.toml: no such run file; did you mean 'demo\.toml'\?"):
        load_toml(tmp_path / "demoo.toml")


def test_broken_toml_says_the_line(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("name = 'x'\ncount = = 1\n")
    with pytest.raises(ConfigError, match="line 2"):
        load_toml(path)
