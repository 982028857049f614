"""Benchmark files of a user's folder or sealed bundle: what is missing or broken is one line with the way out, and never the text."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from evalsuite.sealed import bundle_of, read
from pipelines.contract.errors import InputError
from pipelines.contract.warehouse import file_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_lines(path: Path, way_out: str) -> list[str]:
    """Lines of a UTF-8 file, without the empty ones at its end.

    Raises:
        InputError: the file is missing or is no UTF-8; ``way_out`` ends the message.
    """
    try:
        return _content(path).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; {way_out}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({type(error).__name__}); {way_out}") from None


def read_jsonl(path: Path, fields: Sequence[str], way_out: str) -> list[dict[str, str]]:
    """The text fields of a JSON-lines file, a row a line.

    Raises:
        InputError: as ``read_lines``, or a line is no JSON object with these fields as text.
    """
    rows = []
    for number, line in enumerate(read_lines(path, way_out), 1):
        row = _object(line)
        if row is None or not all(isinstance(row.get(field), str) for field in fields):
            raise InputError(f"{path}, line {number}: expected a JSON object with the text fields {', '.join(fields)}; {way_out}")
        rows.append({field: str(row[field]) for field in fields})
    return rows


def hashes(paths: Sequence[Path], way_out: str) -> dict[str, str]:
    """sha256 of each file by its name.

    Raises:
        InputError: a file is missing or cannot be read; ``way_out`` ends the message.
    """
    try:
        return {path.name: _sha256(path) for path in paths}
    except OSError as error:
        raise InputError(f"{error.filename or error}: no such file, or no permission to read it; {way_out}") from None


def _sha256(path: Path) -> str:
    return file_sha256(path) if bundle_of(path) is None else hashlib.sha256(_content(path)).hexdigest()


def _content(path: Path) -> bytes:
    """Bytes of a file, which may lie in a sealed bundle."""
    place = bundle_of(path)
    return path.read_bytes() if place is None else read(*place)


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
