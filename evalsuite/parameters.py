"""A task's parameters as JSON, without places: a benchmark is the same in any folder."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from pipelines.contract.config import encode


def parameters(task: Any) -> dict[str, Any]:
    """Fields of a task but for paths; what their files hold is hashed instead (``Task.data``, or the items themselves)."""
    values = {field.name: getattr(task, field.name) for field in fields(task)}
    return {name: encode(value) for name, value in values.items() if not isinstance(value, Path)}
