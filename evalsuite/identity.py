"""What a model under test is: the bytes that decide its answers, wherever its folder stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contract.errors import InputError
from pipelines.contract.manifest import digest
from pipelines.contract.warehouse import file_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def folder_identity(folder: Path, endings: Sequence[str], backend: str) -> str:
    """Hash of the files whose names end in one of ``endings``, and of how they are read.

    Raises:
        InputError: there is no such folder, or no such file in it.
    """
    files = sorted(path for path in folder.iterdir() if path.name.endswith(tuple(endings))) if folder.is_dir() else []
    if not files:
        raise InputError(f"{folder}: no model is there; name a folder that holds config.json and its weights")
    return digest({"backend": backend, "files": {path.name: file_sha256(path) for path in files}})
