"""Warehouses that the tests of the app share."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import loop
import pytest
import tiny_warehouse

from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Warehouse:
    """A dozen documents with every kind of end; nobody writes to it."""
    return tiny_warehouse.build(tmp_path_factory.mktemp("tiny") / "warehouse")


@pytest.fixture(scope="session")
def run_file(tmp_path_factory) -> Path:
    """A run file whose loop is done; whoever writes to its warehouse copies it first."""
    return loop.done(tmp_path_factory.mktemp("loop"))


@pytest.fixture(scope="session")
def warehouse(run_file) -> Path:
    """The warehouse of the loop."""
    return run_file.parent / "warehouse"


@pytest.fixture
def copied(warehouse, tmp_path, monkeypatch) -> Warehouse:
    """A copy of the loop's warehouse for a test that writes; the command line finds it by itself."""
    copy = tmp_path / "warehouse"
    shutil.copytree(warehouse, copy, symlinks=True)
    monkeypatch.setenv("ASSAY_WAREHOUSE", str(copy))
    return Warehouse(copy)


@pytest.fixture
def empty(tmp_path) -> Warehouse:
    """A warehouse that nothing was ever published to: its folder does not exist."""
    return Warehouse(tmp_path / "warehouse")
