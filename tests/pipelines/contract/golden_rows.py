"""Rows and JSON values with the hashes they must have under every Python; run as a program, it prints the hashes of the Python that runs it."""

from __future__ import annotations

import json
import math
import sys

from pipelines.contract.hashing import digest, rows_hash

# Values that two releases of Python print, fold or sort differently, or that a careless encoding would confuse.
ROWS: dict[str, tuple[list[list[object]], str]] = {
    "no rows": ([], "0"),
    "a row without columns": ([[]], "cae66941d9efbd404e4d88758ea67670"),
    "text": ([["a"], ["é"], [""]], "85170e36aec90611894cfec065ac35c3"),
    "characters assigned lately": ([["\U0001fae8", "\U0001f6dc"], ["\U0002ebf0", "\u1c89"]], "be7c3e70dc0932eb2f7fd039d0481260"),
    "control characters and line ends": ([["\0\x7f\x85\u2028\ufeff"]], "231aa5c6ffd6e87fcdda357feb46b66c"),
    "numbers": ([[0, -1, 2**63 - 1, -(2**63)], [0.1, 1e22, 5e-324, math.inf]], "f30bb0a2c2aa536cb1c7d301bbd162b"),
    "zeros and nans": ([[0.0, -0.0], [math.nan, -math.nan]], "70b6ba5f4d26d23b3fc5449b5e023997"),
    "truth and nothing": ([[True, False, None]], "4d0840cd15b31dd306ab130693338a81"),
    "bytes": ([[b"", b"\x00\xff", bytes(16)]], "3b062abf5d15eccb5f0353f748739abf"),
    "lists": ([[[1, 2], [0.5, -0.0], ["a", None], [], [None], [b"x"], [True]]], "b947c2a955dfcb1fe3d738b668ac8bdc"),
    "a row twice": ([["a", 1], ["a", 1]], "1385e2cb5e4790408b1ec3843e4d5544"),
}
JSON: dict[str, tuple[object, str]] = {
    "text": ({"é": "\U0001fae8", "\U0001f6dc": "\u2028", "a": None}, "31ba147684fe7c5862d6a5f57abad91e01294c8b75e35e04b11a1443421a91a4"),
    "numbers": ([0.1, 1e22, 1e-7, 5e-324, 2**63, -0.0, 1.0, 1, True], "7a09dda524202986ccd0158bc8aba6d83c865d7c973e45abcdcb0757c0205522"),
}

if __name__ == "__main__":
    json.dump([[f"{rows_hash(rows):x}" for rows, _ in ROWS.values()], [digest(value) for value, _ in JSON.values()]], sys.stdout)
