"""How rows and facts are hashed: the definition. Standard library only, so that any Python can check it.

A value is one byte that says its kind, then what it holds; numbers and lengths are eight bytes, lowest first.

    none    N
    bool    T or F
    int     i, the number; a timestamp is microseconds since 1970
    float   d, IEEE 754 binary64; every NaN is the quiet one, and -0.0 is 0.0, as SQL compares them
    str     s, number of bytes, UTF-8
    bytes   b, number of bytes, the bytes
    list    I or D, number of elements, the elements without their kind, where it has some and all are int or all are float;
            else l, number of elements, the elements

A row is its values one after the other. Nothing here depends on the release of Python, the platform, or Unicode's tables.
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK: Final = (1 << 128) - 1
DIGEST_BYTES: Final = 16
NAN: Final = b"\0\0\0\0\0\0\xf8\x7f"


def encoded(value: object) -> bytes:  # noqa: PLR0911 - one line a kind
    """A value as bytes.

    >>> encoded(None) + encoded(True)
    b'NT'
    """
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"T" if value else b"F"
    if isinstance(value, int):
        return b"i" + struct.pack("<q", value)
    if isinstance(value, float):
        return b"d" + _float(value)
    if isinstance(value, str):
        return b"s" + _sized(value.encode())
    if isinstance(value, bytes):
        return b"b" + _sized(value)
    if isinstance(value, list):
        return _list(value)
    raise TypeError(f"a {type(value).__name__} is no value of a table")


def row_hash(row: Iterable[object]) -> int:
    """128 bits of a row."""
    return int.from_bytes(hashlib.blake2b(b"".join(map(encoded, row)), digest_size=DIGEST_BYTES).digest(), "big")


def rows_hash(rows: Iterable[Iterable[object]]) -> int:
    """Sum of the rows' hashes, cut to 128 bits: the same for any order."""
    return sum(map(row_hash, rows)) & MASK


def digest(value: object) -> str:
    """sha256 of a JSON value with sorted keys, in ASCII."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def file_sha256(path: Path | str) -> str:
    """sha256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _float(value: float) -> bytes:
    return NAN if value != value else struct.pack("<d", value + 0.0)  # noqa: PLR0124 - only NaN differs from itself; -0.0 + 0.0 is 0.0


def _sized(data: bytes) -> bytes:
    return struct.pack("<q", len(data)) + data


def _list(values: list[object]) -> bytes:
    kinds = {type(v) for v in values}
    size = struct.pack("<q", len(values))
    if kinds == {int}:
        return b"I" + size + struct.pack(f"<{len(values)}q", *values)
    if kinds == {float}:
        return b"D" + size + b"".join(_float(v) for v in values if isinstance(v, float))
    return b"l" + size + b"".join(map(encoded, values))
