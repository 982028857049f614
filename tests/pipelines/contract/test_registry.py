"""Registries: the file name is the name, and mistakes suggest the nearest."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.contract.errors import ConfigError, PartError
from pipelines.contract.registry import Registry, _points_on, part_id

if TYPE_CHECKING:
    from collections.abc import Callable


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


@pytest.fixture
def offered(tmp_path: Path) -> Callable[[str, str], None]:
    """Installs a distribution that offers parts: its name, and the lines of its group of entry points."""

    def offer(distribution: str, points: str) -> None:
        metadata = tmp_path / f"{distribution}-2.5.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 2.5\n")
        (metadata / "entry_points.txt").write_text(f"[assay.shapes_for_test]\n{points}\n")
        (tmp_path / "strange_shapes.py").write_text("class Star:\n    version = 7\nclass Bare:\n    pass\n")
        (tmp_path / "broken_shapes.py").write_text("import a_package_that_is_not_there\n")
        _points_on.cache_clear()

    yield offer
    _points_on.cache_clear()
    for name in ("strange_shapes", "broken_shapes"):
        sys.modules.pop(name, None)


def test_a_part_of_another_package_is_found_by_its_entry_point(package: str, offered: Callable[[str, str], None]) -> None:
    offered("stranger", "star = strange_shapes:Star")
    shapes = __import__(f"{package}.base", fromlist=["shapes"]).shapes
    assert shapes.names() == ["circle", "square", "star"]
    assert "strange_shapes" not in sys.modules
    assert shapes["star"].version == 7
    assert (shapes.origin("star"), shapes.origin("circle")[0]) == (("stranger", "2.5"), "assay")
    assert (part_id(shapes["star"]()).label, part_id(shapes["circle"]()).label) == ("shape star (stranger 2.5)", "shape circle")


def test_names_are_listed_without_importing_a_part(package: str) -> None:
    (Path(sys.modules[package].__file__ if package in sys.modules else importlib.import_module(package).__file__).parent / "broken.py").write_text(
        "import a_package_that_is_not_there\nfrom shapes_for_test.base import shapes\n@shapes('broken')\nclass Broken:\n    version = 1\n"
    )
    shapes = __import__(f"{package}.base", fromlist=["shapes"]).shapes
    assert shapes.names() == ["broken", "circle", "square"]
    assert f"{package}.square" not in sys.modules


def test_a_repeated_name_is_refused_whatever_was_imported_before(package: str, offered: Callable[[str, str], None]) -> None:
    offered("stranger", "circle = strange_shapes:Star")
    shapes = __import__(f"{package}.base", fromlist=["shapes"]).shapes
    importlib.import_module(f"{package}.circle")
    with pytest.raises(PartError, match="the shape 'circle' is offered by assay and stranger"):
        shapes["circle"]


@pytest.mark.parametrize(
    ("points", "name", "said"),
    [
        ("torn = broken_shapes:Torn", "torn", "the shape 'torn' of stranger cannot be imported: ModuleNotFoundError in broken_shapes:Torn"),
        ("bare = strange_shapes:Bare", "bare", "strange_shapes:Bare: the shape 'bare' needs a class attribute version"),
        ("circle = strange_shapes:Star", "circle", "the shape 'circle' is offered by assay and stranger; uninstall one"),
        ("star = strange_shapes:Star\nsun = strange_shapes:Star", "sun", "one class is offered as shape 'star' and as shape 'sun'; give each name"),
    ],
)
def test_a_part_of_another_package_that_breaks_the_rules_is_refused_by_name(
    package: str, offered: Callable[[str, str], None], points: str, name: str, said: str
) -> None:
    offered("stranger", points)
    shapes = __import__(f"{package}.base", fromlist=["shapes"]).shapes
    with pytest.raises(PartError, match=said):
        [shapes[each] for each in sorted({name, *(["star"] if "star" in shapes.names() else [])})]
    assert shapes["square"].version == 2
