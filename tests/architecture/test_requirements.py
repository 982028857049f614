"""The files that say what is installed agree with what is installed."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tools.licences import needed, normal

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements"


def pins(name: str) -> list[Requirement]:
    """The lines of a requirements file that hold for this platform and Python."""
    lines = (REQUIREMENTS / name).read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return [r for r in found if r.marker is None or r.marker.evaluate()]


def test_every_installed_version_is_the_locked_one():
    installed = {}
    for pin in pins("lock.txt"):
        try:
            installed[pin] = Version(version(pin.name)).public  # 2.13.0+cpu is torch 2.13.0
        except PackageNotFoundError:
            continue
    assert len(installed) > 50
    assert {str(pin): found for pin, found in installed.items() if found not in pin.specifier} == {}


def test_everything_that_assay_needs_is_locked():
    extras = frozenset({"all", "jre", "dev"})
    for_graphics_cards = re.compile(r"nvidia-|cuda-|triton$")
    missing = needed("assay", extras) - {normal(pin.name) for pin in pins("lock.txt")} - {"assay"}
    assert {name for name in missing if not for_graphics_cards.match(name)} == set()


@pytest.mark.parametrize("name", ["lock.txt", "airflow.txt"])
def test_a_lock_pins_versions_and_names_no_place_to_get_them_from(name):
    assert [str(pin) for pin in pins(name) if [s.operator for s in pin.specifier] != ["=="] or pin.url] == []
    assert "//" not in (REQUIREMENTS / name).read_text(encoding="utf-8")


def test_spark_runs_with_the_lock():
    locked = {normal(pin.name): str(pin.specifier)[2:] for pin in pins("lock.txt")}
    assert Version(locked["pandas"]) < Version("3")  # pyspark 4.3 warns at each import otherwise


def test_airflow_has_an_environment_of_its_own():
    assert not {normal(pin.name) for pin in pins("lock.txt")} & {"apache-airflow", "pyspark-client"}
    assert "pyspark" not in {normal(pin.name) for pin in pins("airflow.txt")}


def test_everything_that_pytest_needs_is_an_extra():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {"spark", "jre", "model", "embeddings", "ner", "surrogates", "semantic", "seal", "eval", "app", "dev", "all"} == set(extras)
