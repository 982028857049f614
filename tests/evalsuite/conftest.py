"""Models and documents that the tests of evaluation share."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pytest
from tiny_llama import Digest, write_tiny_llama


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory):
    return write_tiny_llama(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def digest_model():
    return Digest()


@pytest.fixture(scope="session")
def heldout():
    """Thirty documents of two sources, with words that no other document has."""
    rows = [
        {
            "doc_id": hashlib.blake2b(str(i).encode(), digest_size=16).hexdigest(),
            "text": "\n".join(" ".join(f"w{i}x{j + k}" for k in range(9)) for j in range(0, 9 * (i + 1), 9)),
            "source": "pages" if i % 3 else "books",
        }
        for i in range(30)
    ]
    return pa.Table.from_pylist(rows)
