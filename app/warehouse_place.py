"""Where the warehouse is, for commands that read no run file: asked by each of them, so it imports next to nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

DEFAULT_WAREHOUSE: Final = Path("warehouse")


def warehouse_path(from_run_file: Path | None = None) -> Path:
    """ASSAY_WAREHOUSE, else what a run file says, else ./warehouse."""
    chosen = os.environ.get("ASSAY_WAREHOUSE")
    return Path(chosen) if chosen else (from_run_file or DEFAULT_WAREHOUSE)
