"""Warehouses that the tests of the app share."""

from __future__ import annotations

import pytest
import tiny_warehouse

from pipelines.contract.warehouse import Warehouse


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Warehouse:
    """A dozen documents with every kind of end; nobody writes to it."""
    return tiny_warehouse.build(tmp_path_factory.mktemp("tiny") / "warehouse")


@pytest.fixture
def empty(tmp_path) -> Warehouse:
    """A warehouse that nothing was ever published to: its folder does not exist."""
    return Warehouse(tmp_path / "warehouse")
