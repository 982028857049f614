"""Registries: the file name is the name, and mistakes suggest the nearest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pipelines.contract.errors import ConfigError, PartError
from pipelines.contract.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "shapes_for_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "base.py").write_text("from pipelines.contract.registry import Registry\nshapes = Registry('shape', 'shapes_for_test')\n")
    (folder / "circle.py").write_text("from shapes_for_test.base import shapes\n@shapes('circle')\nclass Circle:\n    version = 1\n")
    (folder / "square.py").write_text("from shapes_for_test.base import shapes\n@shapes('square')\nclass Square:\n    version = 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "shapes_for_test"
    for name in [n for n in sys.modules if n.startswith("shapes_for_test")]:
        del sys.modules[name]


def test_every_file_of_the_package_is_found(package: str) -> None:
    shapes = __import__(f"{package}.base", fromlist=["shapes"]).shapes
    assert list(shapes) == ["circle", "square"]
    assert shapes["square"].version == 2


def test_asking_for_one_part_imports_only_its_file(package: str) -> None:
    shapes = __import__(f"{package}.base", fromlist=["shapes"]).shapes
    assert shapes["circle"].__name__ == "Circle"
    assert f"{package}.square" not in sys.modules


def test_a_misspelt_name_gets_a_suggestion(package: str) -> None:
    shapes = __import__(f"{package}.base", fromlist=["shapes"]).shapes
    with pytest.raises(ConfigError, match="no shape is named 'circel'; did you mean 'circle'"):
        shapes["circel"]


def test_a_part_in_the_wrong_file_or_without_a_version_is_refused() -> None:
    registry: Registry[object] = Registry("shape", __name__.rpartition(".")[0] or "nowhere")
    with pytest.raises(PartError, match="belongs in"):
        registry("circle")(type("Circle", (), {"version": 1}))
    with pytest.raises(PartError, match="needs a class attribute version"):
        registry(__name__.rpartition(".")[2])(type("Circle", (), {"__module__": f"{registry.package}.{__name__.rpartition('.')[2]}"}))
