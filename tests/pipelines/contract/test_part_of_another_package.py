"""The page on parts of one's own is true: its package is installed from the page, and its part chosen, run and put into a key."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from app.parts import parts_of
from pipelines.cleaners.base import cleaners
from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import _points_on
from pipelines.steps.settings import described, parts, versions
from pipelines.text.edits import Change

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "add_a_part_of_your_own.md").read_text(encoding="utf-8")


def block(language: str, first: str) -> str:
    """The block of the page that begins with a comment."""
    (found,) = (text for text in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if text.startswith(f"# {first}"))
    return found


@pytest.fixture
def house_style(tmp_path, monkeypatch):
    """Installs the page's package, as pip would lay it down; returns a function that makes it another release."""
    project = tomllib.loads(block("toml", "pyproject.toml"))["project"]
    (tmp_path / "house_style").mkdir()
    (tmp_path / "house_style" / "__init__.py").write_text("")
    (tmp_path / "house_style" / "no_signatures.py").write_text(block("python", "house_style/no_signatures.py"))
    info = tmp_path / "house_style.dist-info"
    info.mkdir()

    def release(number: str) -> None:
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {number}\n")
        groups = [(group, points) for group, points in project["entry-points"].items()]
        lines = [f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items()) for group, points in groups]
        (info / "entry_points.txt").write_text("".join(lines))
        _points_on.cache_clear()
        cleaners._parts.pop("no_signatures", None)

    monkeypatch.syspath_prepend(str(tmp_path))
    release(project["version"])
    yield release
    cleaners._parts.pop("no_signatures", None)
    _points_on.cache_clear()
    for name in [name for name in sys.modules if name.startswith("house_style")]:
        del sys.modules[name]


def chosen():
    return parts(cleaners, tuple(tomllib.loads(block("toml", "in a run file"))["clean"]["cleaners"]), "clean.cleaners")


@pytest.mark.usefixtures("house_style")
def test_the_part_of_the_page_is_chosen_by_name_and_does_what_the_page_says():
    part = chosen()["no_signatures"]
    text = "See you there.\n--\nJane\nRoom 12"
    assert part.changes(text) == [Change(14, len(text), "")]
    assert part.changes(text[:14]) == part.changes("") == []


def test_name_version_and_distribution_are_in_the_key_and_a_new_release_is_another(house_style):
    made = chosen()
    before = versions(made)
    assert before["cleaner no_signatures (house-style 1.2.0)"] == 1
    assert described(made)["no_signatures"] == {"use": "no_signatures", "version": 1, "from": "house-style 1.2.0", "mark": "--"}
    house_style("1.3.0")
    assert set(versions(chosen())) ^ set(before) == {"cleaner no_signatures (house-style 1.2.0)", "cleaner no_signatures (house-style 1.3.0)"}


@pytest.mark.usefixtures("house_style")
def test_it_is_listed_and_its_keys_are_checked():
    (listed,) = (part for part in parts_of("cleaners") if part.name == "no_signatures")
    assert (listed.distribution, listed.distribution_version, listed.fault) == ("house-style", "1.2.0", "")
    with pytest.raises(ConfigError, match=r"marc: unknown key; did you mean 'mark'"):
        parts(cleaners, ({"use": "no_signatures", "marc": "x"},), "clean.cleaners")
    with pytest.raises(ConfigError, match="did you mean 'no_signatures'"):
        parts(cleaners, ("no_signature",), "clean.cleaners")
