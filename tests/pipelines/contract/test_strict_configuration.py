"""Strict configuration: every mistake is one line that says where and what."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest

from pipelines.contract.config import decode, encode, load_toml
from pipelines.contract.errors import ConfigError, PartError
from pipelines.sources.base import Source, sources
from pipelines.sources.text import Text


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
        ({"name": "a", "cuont": 1}, "run.toml.cuont: unknown key; did you mean 'count'?; docs/run_file.md has them all"),
        ({}, "run.toml.name: this key is required, as a string"),
        ({"name": 1}, "run.toml.name: expected a string, got 1"),
        ({"name": "a", "count": "1"}, "run.toml.count: expected a whole number, got '1'"),
        ({"name": "a", "count": True}, "run.toml.count: expected a whole number, got True"),
        ({"name": "a", "count": 10**20}, "run.toml.count: got 100000000000000000000, which no setting can mean; at most 18 digits"),
        (
            {"name": "a", "inner": {"ratio": float("nan")}},
            "run.toml.inner.ratio: got nan, which no setting can mean; at most 18 digits",
        ),
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


@dataclass(frozen=True, kw_only=True)
class Rotary:
    use: Literal["rotary"] = "rotary"
    theta: float = 10_000.0


@dataclass(frozen=True, kw_only=True)
class Learned:
    use: Literal["learned"] = "learned"
    length: int = 512


@dataclass(frozen=True, kw_only=True)
class Choices:
    position: Rotary | Learned = field(default_factory=Rotary)
    text: str | tuple[str, ...] = "text"
    bound: float | dict[str, float] | None = None
    part: Annotated[Source, sources] | None = None


def test_of_a_union_of_tables_the_key_use_decides() -> None:
    assert decode(Choices, {"position": {"use": "learned", "length": 7}}, "run.toml").position == Learned(length=7)
    assert encode(Learned(length=7)) == {"use": "learned", "length": 7}


def test_a_union_takes_what_one_of_its_types_takes_and_nothing_else() -> None:
    made = decode(Choices, {"text": ["title", "body"], "bound": {"de": 2}}, "run.toml")
    assert (made.text, made.bound) == (("title", "body"), {"de": 2.0})
    for table, said in [
        ({"text": 3}, "run.toml.text: expected a string or a list, got 3"),
        ({"bound": "high"}, "run.toml.bound: expected a number or a table, got 'high'"),
        ({"position": {"use": ["learned"]}}, "run.toml.position.use: got list; did you mean 'learned'?"),
        ({"position": {"use": "lerned"}}, "run.toml.position.use: got 'lerned'; did you mean 'learned'?"),
        ({"position": {"use": "rotary", "length": 1}}, "run.toml.position.length: unknown key; there are: theta, use; docs/run_file.md has them all"),
    ]:
        with pytest.raises(ConfigError) as caught:
            decode(Choices, table, "run.toml")
        assert str(caught.value) == said


def test_a_field_may_hold_a_part_by_name_or_by_its_own_table(tmp_path: Path) -> None:
    made = decode(Choices, {"part": {"use": "text", "path": str(tmp_path)}}, "run.toml")
    assert made.part == Text(path=tmp_path)
    told = encode(made)["part"]
    assert (told["use"], told["version"], told["path"]) == ("text", Text.version, str(tmp_path))
    with pytest.raises(ConfigError, match=r"run\.toml\.part \(text\)\.paht: unknown key; did you mean 'path'"):
        decode(Choices, {"part": {"use": "text", "paht": "x"}}, "run.toml")
    with pytest.raises(ConfigError, match="no source is named 'txt'; did you mean 'text'"):
        decode(Choices, {"part": "txt"}, "run.toml")


def test_swapped_bytes_behind_one_path_are_another_configuration(tmp_path: Path) -> None:
    class Listed(Text):
        def data(self) -> dict[str, str]:
            return {"list": (self.path / "list.txt").read_text()}

    (tmp_path / "list.txt").write_text("one")
    before = encode(Listed(path=tmp_path))
    (tmp_path / "list.txt").write_text("two")
    assert before["data"] == {"list": "one"}
    assert encode(Listed(path=tmp_path)) == {**before, "data": {"list": "two"}}


def test_a_part_that_is_no_dataclass_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare:
        version = 1

    monkeypatch.setitem(sources._parts, "bare", Bare)
    with pytest.raises(PartError, match=r"run\.toml\.part: the source 'bare' is no dataclass"):
        decode(Choices, {"part": "bare"}, "run.toml")
