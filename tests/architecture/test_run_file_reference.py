"""The reference of run files leaves no key out, explains each, and claims no bound that does not hold."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Literal

import pytest

from app.settings import RunFile
from evalsuite.base import Model, models
from tools.run_file_reference import Section, _sections, bound_of, comments_of, kind_of, part_sections, run_file_sections, without_meaning

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Inner:
    """A table inside."""

    depth: int = 3  # how deep


@dataclass(frozen=True, kw_only=True)
class Old:
    name: str  # what it is called
    ratio: float = 0.5  # replaced below


@dataclass(frozen=True, kw_only=True)
class Sample(Old):
    """First line.

    Second line.
    """

    # a share,
    # of all
    ratio: float = 0.25
    count: int = 12_000  # how many
    seed: int = 0
    rate: float | None = None  # above nothing
    inner: Inner = field(default_factory=Inner)
    stages: tuple[Inner, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.ratio < 1 or self.count < 1 or self.seed < 0 or (self.rate is not None and self.rate <= 0):
            raise ValueError("out of bounds")


def test_every_key_has_a_meaning():
    assert without_meaning() == [], "say in a comment on the field's line what the key means; docs/run_file.md shows it"


def test_every_table_and_every_key_of_a_run_file_is_there():
    titles = {section.title: {key.name for key in section.keys} for section in run_file_sections()}
    tables = {title.strip("`[]") for title in titles if title.startswith("`[") and "[[" not in title and "." not in title}
    assert {f.name for f in fields(RunFile)} == titles["Keys that stand before the first table"] | tables
    assert "context_length" in titles["`[train.model]`"]


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "runs").glob("*.toml")))
def test_every_key_of_the_run_files_that_come_along_is_there(name):
    known = {section.title: {key.name for key in section.keys} for section in run_file_sections()}
    said = tomllib.loads((ROOT / "runs" / name).read_text(encoding="utf-8"))
    tables = {key: value for key, value in said.items() if isinstance(value, dict)}
    assert set(said) - set(tables) <= known["Keys that stand before the first table"]
    assert {f"{table}.{key}" for table, value in tables.items() for key in value if key not in known[f"`[{table}]`"]} <= {"train.model"}


def test_the_parts_of_each_kind_are_there_with_the_keys_that_they_inherit():
    kinds = {kind: {section.title: [key.name for key in section.keys] for section in sections} for kind, _, sections in part_sections()}
    assert {"path", "key", "url"} <= set(kinds["source"]["`jsonl`"])
    assert {"entities", "min_score"} <= set(kinds["detector"]["`presidio`"])


def test_a_comment_stands_at_the_end_of_its_line_or_above_it_and_the_nearest_class_speaks():
    assert comments_of(Sample) == {
        "name": "what it is called", "ratio": "a share, of all", "count": "how many", "seed": "", "rate": "above nothing", "inner": "", "stages": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "hint", "bound"),
    [
        ("ratio", float, "at least 0, below 1"),
        ("count", int, "at least 1"),
        ("seed", int, "at least 0"),
        ("rate", float | None, "above 0"),
        ("name", str, ""),
    ],
)
def test_a_bound_is_what_the_class_accepts(name, hint, bound):
    assert bound_of(Sample, name, hint) == bound


def test_tables_inside_tables_have_their_path():
    made = list(_sections(Sample, "", "top"))
    assert [section.title for section in made] == ["top", "`[inner]`", "`[[stages]]`"]
    assert isinstance(made[0], Section)
    assert made[0].says == "First line."
    assert {key.name: (key.kind, key.default) for key in made[0].keys} == {
        "name": ("string", "required"),
        "ratio": ("number", "`0.25`"),
        "count": ("whole number", "`12_000`"),
        "seed": ("whole number", "`0`"),
        "rate": ("number", ""),
        "stages": ("list of tables", "`[]`"),
    }


@dataclass(frozen=True, kw_only=True)
class Rotary:
    """Positions that turn."""

    use: Literal["rotary"] = "rotary"
    theta: float = 1e4  # base


@dataclass(frozen=True, kw_only=True)
class Learned:
    """Positions that are learned."""

    use: Literal["learned"] = "learned"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Tables and parts that a key ``use`` chooses."""

    positions: Rotary | Learned = field(default_factory=Rotary)  # how a model knows where a token stands
    model: Annotated[Model, models] | None = None  # who is asked


def test_a_union_has_a_table_for_each_use_and_a_part_is_called_what_it_is():
    top, rotary, learned = _sections(Chosen, "", "top")
    assert (rotary.title, learned.title) == ('`[positions]` with `use = "rotary"`', '`[positions]` with `use = "learned"`')
    assert ([key.name for key in rotary.keys], learned.keys) == (["theta"], ())
    assert top.keys[0].default == '`{use = "rotary"}`'
    assert {key.name: key.kind for key in top.keys} == {"positions": "table", "model": "model backend: name, or table with `use`"}


def test_types_are_said_in_words():
    assert kind_of(tuple[Path, ...]) == "list of paths"
    assert kind_of(dict[str, Literal["a", "b"]]) == 'table of "a" or "b"'
    assert kind_of(int | None) == "whole number"
