"""`assay parts`: everything that a run file may choose, whose it is, and what cannot be used and why."""

from __future__ import annotations

import json
import sys

import pytest
from rich.console import Console
from typer.testing import CliRunner

from app.cli import app
from app.parts import KINDS, first_sentence, own_parts, parts_as_json, parts_of, show_parts
from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import _points_on


@pytest.fixture
def stranger(tmp_path, monkeypatch):
    """An installed package of somebody else's, with one good part and two that break a rule each."""
    info = tmp_path / "stranger-2.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 2.5\n")
    points = "shout = strange_parts:Shout\nbare = strange_parts:Bare\ntorn = no_such_module:Torn\n"
    (info / "entry_points.txt").write_text(f"[assay.cleaners]\n{points}")
    (tmp_path / "strange_parts.py").write_text(
        'class Shout:\n    """Every text in capitals. It is a joke."""\n\n    version = 7\n\nclass Bare:\n    pass\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    parts = dict(KINDS["cleaners"]._parts)
    _points_on.cache_clear()
    yield
    _points_on.cache_clear()
    KINDS["cleaners"]._parts = parts
    sys.modules.pop("strange_parts", None)


def printed(kind=None):
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        show_parts(console, kind)
    return capture.get()


def test_every_kind_is_there_and_every_part_says_what_it_is():
    found = parts_of()
    assert {part.kind for part in found} == set(KINDS)
    assert [part.name for part in found if not (part.says or part.fault) or part.version is None] == []
    assert {part.distribution for part in found} == {"assay"}


@pytest.mark.usefixtures("stranger")
def test_a_part_of_another_package_is_listed_with_its_name_version_and_distribution():
    (shout,) = (part for part in parts_of("cleaners") if part.name == "shout")
    assert (shout.version, shout.distribution, shout.distribution_version) == (7, "stranger", "2.5")
    assert shout.says == "Every text in capitals."
    assert "shout" not in own_parts(KINDS["cleaners"])


@pytest.mark.usefixtures("stranger")
def test_a_part_that_cannot_be_used_is_listed_with_the_reason_and_hides_no_other():
    faults = {part.name: part.fault for part in parts_of("cleaners")}
    assert "needs a class attribute version" in faults["bare"]
    assert "cannot be imported" in faults["torn"]
    assert faults["shout"] == faults["ftfy"] == ""
    assert "stranger 2.5" in printed("cleaners")


def test_a_kind_that_is_misspelt_gets_a_suggestion():
    with pytest.raises(ConfigError, match="parts signal: no such kind; did you mean 'signals'"):
        parts_of("signal")


def test_the_command_prints_a_table_or_json():
    done = CliRunner().invoke(app, ["parts", "detectors", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout) == json.loads(json.dumps(parts_as_json("detectors")))
    assert "presidio" in printed("detectors")
    assert "gopher_quality" not in printed("detectors")


@pytest.mark.parametrize(
    ("text", "first"),
    [("One. Two.", "One."), ("As in (Rae et al. 2021). More.", "As in (Rae et al. 2021)."), ("No stop", "No stop"), ("", ""), ("A. `b` c.", "A.")],
)
def test_a_sentence_ends_where_another_begins(text, first):
    assert first_sentence(text) == first
