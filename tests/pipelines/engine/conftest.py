"""One JVM for the tests of this folder, and the tables they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from setups import ODD, SIDE, TEXTS, engine_of, spark, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.contract.parts import Table


@pytest.fixture(scope="package")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One JVM for the folder: engines that find a session use it and leave it."""
    engine = engine_of("spark", spark(1), tmp_path_factory.mktemp("session"))
    yield
    engine.close()


@pytest.fixture(autouse=True)
def _shared_session(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("spark") and not request.node.get_closest_marker("slow"):
        request.getfixturevalue("session")


@pytest.fixture
def texts(tmp_path: Path) -> Table:
    return written(tmp_path / ODD / "in", "texts", TEXTS, [{"doc_id": f"{i:032x}", "text": "héllo wörld " * (i % 7)} for i in range(400)])


@pytest.fixture
def side(tmp_path: Path) -> Table:
    rows = [{"doc_id": f"{i:032x}", "cuts": [i, i + 1] if i % 2 else None} for i in range(0, 500, 3)]
    return written(tmp_path / ODD / "side", "side", SIDE, rows)
