"""A task's parameters as JSON, without places: a benchmark is the same in any folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.contract.config import encode


def parameters(task: object) -> dict[str, Any]:
    """Fields of a task but for paths; what their files hold is hashed instead (``Task.data``, or the items themselves)."""
    return {name: value for name, value in encode(task).items() if not isinstance(getattr(task, name), Path)}
