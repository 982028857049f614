"""Files below a root: the units of most sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def files_below(root: Path, patterns: tuple[str, ...]) -> list[str]:
    """Files below a folder whose name fits one of the patterns, as paths relative to it with ``/``, sorted; a root that is a file is its only unit.

    Names that begin with a dot, and what lies below them, are not listed; symbolic links to folders are not followed.

    Raises:
        InputError: the root does not exist or cannot be listed.
    """
    try:
        if root.is_file():
            return [root.name]
        if not root.is_dir():
            raise InputError(f"{root}: no such file or folder; correct the source's path")
        found = {path for pattern in patterns for path in root.rglob(pattern) if path.is_file()}
    except OSError as error:
        raise InputError(f"{root}: cannot be listed ({type(error).__name__}); check its permissions") from None
    names = (path.relative_to(root) for path in found)
    return sorted(name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts))


def located(root: Path, unit: str) -> Path:
    """Where a unit lies.

    Raises:
        InputError: the unit points out of the root.
    """
    if root.is_file():
        return root
    path = root / unit
    if not path.resolve().is_relative_to(root.resolve()):
        raise InputError(f"{root}: a unit points out of the source's folder; remove the link")
    return path


def fingerprints(root: Path, units: list[str]) -> dict[str, str]:
    """Size and time of change of each unit, in nanoseconds."""
    stats = {unit: located(root, unit).stat() for unit in units}
    return {unit: f"{stat.st_size}-{stat.st_mtime_ns}" for unit, stat in stats.items()}
