from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from modelcore.data import Documents, TokenStream
from pipelines.contract.errors import InputError
from pipelines.contract.parts import PartWriter, Table
from pipelines.contract.schema import SHARDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = [
    ("c", "web", "train", [5, 6, 0]),
    ("a", "books", "train", [0]),
    ("d", "web", "heldout", [9, 9, 9, 0]),
    ("b", "web", "train", [7, 8, 9, 0]),
]


def test_tokens_stand_in_the_order_of_doc_ids_whatever_the_files_and_the_order_of_rows(shards_of: Callable[..., Table]) -> None:
    for rows, rows_per_file in ((ROWS, 4), (ROWS[::-1], 1), (ROWS[1:] + ROWS[:1], 2)):
        shards = shards_of(rows, rows_per_file)
        documents = Documents.read(shards)
        stream = TokenStream.read(shards, documents, 10)
        assert [documents.doc_id(i) for i in range(len(documents))] == ["a", "b", "c"]
        assert [documents.source(i) for i in range(3)] == ["books", "web", "web"]
        assert stream.tokens.tolist() == [0, 7, 8, 9, 0, 5, 6, 0]
        assert documents.offsets.tolist() == [0, 1, 5, 8]
        assert documents.shards_sha256 == shards_of(ROWS).content_sha256


def test_held_out_documents_are_not_there_and_the_refusal_says_so(shards_of: Callable[..., Table]) -> None:
    documents = Documents.read(shards_of(ROWS))
    assert documents.index_of("b") == 1
    for absent in ("d", "aa", "zz"):
        with pytest.raises(InputError, match=f"{absent}: not among the 3 documents of the split 'train'"):
            documents.index_of(absent)


def test_large_vocabularies_keep_their_tokens(shards_of: Callable[..., Table]) -> None:
    shards = shards_of([("a", "s", "train", [70_000, 65_535, 1])])
    stream = TokenStream.read(shards, Documents.read(shards), 100_000)
    assert stream.tokens.tolist() == [70_000, 65_535, 1]
    assert stream.end_of_text == 1


def test_no_shards_are_no_documents(shards_of: Callable[..., Table]) -> None:
    documents = Documents.read(shards_of([]))
    assert len(documents) == 0
    assert documents.offsets.tolist() == [0]


def test_a_doc_id_that_comes_twice_is_refused(shards_of: Callable[..., Table]) -> None:
    with pytest.raises(InputError, match="doc_id a comes twice"):
        Documents.read(shards_of([("a", "s", "train", [1, 0]), ("a", "s", "train", [2, 0])], 1))


def test_a_document_without_a_token_is_refused(shards_of: Callable[..., Table]) -> None:
    with pytest.raises(InputError, match="document a has no token"):
        Documents.read(shards_of([("a", "s", "train", [])]))


def test_a_token_outside_the_vocabulary_is_refused(shards_of: Callable[..., Table]) -> None:
    shards = shards_of([("a", "s", "train", [1, 300, 0])])
    with pytest.raises(InputError, match="token 300 lies outside the vocabulary of 300"):
        TokenStream.read(shards, Documents.read(shards), 300)


def test_documents_with_different_ends_are_refused(shards_of: Callable[..., Table]) -> None:
    shards = shards_of([("a", "s", "train", [1, 0]), ("b", "s", "train", [1, 2])])
    with pytest.raises(InputError, match="2 different tokens"):
        TokenStream.read(shards, Documents.read(shards), 10)


def test_a_count_that_lies_is_refused(tmp_path: Path) -> None:
    row = {"doc_id": "a", "source": "s", "split": "train", "input_ids": [1, 2, 0], "num_tokens": 2}
    with PartWriter(tmp_path, {"shards": SHARDS.schema}) as writer:
        writer.write({"shards": pa.Table.from_pylist([row], schema=SHARDS.schema)})
    shards = Table(name="shards", schema=SHARDS.schema, files=tuple(writer.files))
    with pytest.raises(InputError, match="num_tokens differs"):
        TokenStream.read(shards, Documents.read(shards), 10)


def test_only_training_documents_decide_the_stream(shards_of: Callable[..., Table]) -> None:
    documents = Documents.read(shards_of(ROWS), "heldout")
    assert [documents.doc_id(i) for i in range(len(documents))] == ["d"]
    assert np.diff(documents.offsets).tolist() == [4]
