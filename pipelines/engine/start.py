"""Engines by name. An engine is imported when it is made: a run that finds every step done makes none, and needs neither DuckDB nor Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pipelines.contract.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.engine.base import Engine
    from pipelines.engine.options import LocalOptions, SparkOptions


def make_engine(name: Literal["local", "spark"], local: LocalOptions, spark: SparkOptions, scratch: Path) -> Engine:
    """The engine of that name.

    Raises:
        ConfigError: Spark is asked for and not installed, or there is no Java.
    """
    if name == "local":
        from pipelines.engine.local import LocalEngine

        return LocalEngine(local, scratch / "spill")
    try:
        from pipelines.engine.spark import SparkEngine
    except ModuleNotFoundError as error:
        raise ConfigError(f"engine 'spark': {error.name} is not installed; pip install 'assay[spark]', or run with --engine local") from None
    return SparkEngine(spark, scratch)
