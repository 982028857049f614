"""Where the process of ``app.sql_child`` begins: pyarrow imports pandas if it can, no query needs it, and it is two thirds of the start."""

from __future__ import annotations

import importlib
import sys
from importlib.abc import MetaPathFinder


class WithoutPandas(MetaPathFinder):
    """Says that pandas is not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002 - the importer's signature
        """Raises ImportError for pandas; finds nothing else."""
        if name == "pandas":
            raise ImportError(name)


if __name__ == "__main__":
    sys.meta_path.insert(0, WithoutPandas())
    importlib.import_module("app.sql_child").run()
