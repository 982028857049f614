"""The documents and tokens to train on, read from the table ``shards`` in the order of doc_id, whatever the files and their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.contract.errors import InputError
from pipelines.contract.parts import read_row_groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.contract.parts import Table

    Tokens = NDArray[np.uint16] | NDArray[np.uint32]

_BATCH_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The documents of one split, sorted by doc_id, without their tokens: about 50 bytes each.

    ``doc_ids`` holds UTF-8 bytes; ``source_of`` points into ``sources``; ``offsets`` are prefix sums of tokens, one longer.
    """

    doc_ids: NDArray[np.bytes_]
    sources: tuple[str, ...]
    source_of: NDArray[np.int32]
    offsets: NDArray[np.int64]
    split: str
    shards_sha256: str

    @classmethod
    def read(cls, shards: Table, split: str = "train") -> Documents:
        """The documents of a split.

        Raises:
            InputError: a doc_id comes twice, or a document has no token.
        """
        columns = ["doc_id", "source", "split", "num_tokens"]
        batches = list(_batches(shards, split, columns))
        table = pa.Table.from_batches(batches) if batches else pa.table({name: [] for name in columns})
        doc_ids = np.array([value.encode() for value in table["doc_id"].to_pylist()], dtype=np.bytes_)
        order = np.argsort(doc_ids, kind="stable")
        lengths = np.array(table["num_tokens"].to_pylist(), dtype=np.int64)[order]
        sources, source_of = np.unique(np.array(table["source"].to_pylist(), dtype=np.str_), return_inverse=True)
        _checked(doc_ids[order], lengths)
        return cls(
            doc_ids=doc_ids[order], sources=tuple(sources.tolist()), source_of=source_of[order].astype(np.int32),
            offsets=np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)]), split=split, shards_sha256=shards.content_sha256,
        )  # fmt: skip

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.doc_ids)

    def doc_id(self, index: int) -> str:
        """The doc_id at an index."""
        return bytes(self.doc_ids[index]).decode()

    def source(self, index: int) -> str:
        """The source of the document at an index."""
        return self.sources[int(self.source_of[index])]

    def __contains__(self, doc_id: str) -> bool:
        """Whether a document of this split has the doc_id."""
        index = self._place(doc_id)
        return index < len(self) and self.doc_id(index) == doc_id

    def index_of(self, doc_id: str) -> int:
        """The index of a doc_id.

        Raises:
            InputError: no document of this split has it.
        """
        if doc_id not in self:
            raise InputError(f"{doc_id}: not among the {len(self)} documents of the split {self.split!r}; `assay why {doc_id}` tells its fate")
        return self._place(doc_id)

    def _place(self, doc_id: str) -> int:
        return int(np.searchsorted(self.doc_ids, np.bytes_(doc_id.encode())))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenStream:
    """All tokens of the documents, end to end: 2 bytes each where the vocabulary allows, else 4. Reading holds them about twice."""

    tokens: Tokens
    end_of_text: int

    @classmethod
    def read(cls, shards: Table, documents: Documents, vocab_size: int) -> TokenStream:
        """The tokens of ``documents``, which were read from the same shards.

        Raises:
            InputError: a length differs from num_tokens, a token lies outside the vocabulary, or documents do not end with the same token.
        """
        num_tokens = int(documents.offsets[-1])
        tokens: Tokens = np.zeros(num_tokens, dtype=np.uint16) if vocab_size <= 1 << 16 else np.zeros(num_tokens, dtype=np.uint32)
        for batch in _batches(shards, documents.split, ["doc_id", "split", "input_ids"]):
            _scatter(batch, documents, vocab_size, tokens)
        ends = np.unique(tokens[documents.offsets[1:] - 1])
        if len(ends) != 1:
            raise InputError(f"shards: documents end with {len(ends)} different tokens; every one must end with the same end-of-text token")
        return cls(tokens=tokens, end_of_text=int(ends[0]))


def _scatter(batch: pa.RecordBatch, documents: Documents, vocab_size: int, tokens: Tokens) -> None:
    lists = batch.column("input_ids")
    if lists.null_count or lists.flatten().null_count:
        raise InputError("shards: input_ids holds nulls; run the step `tokenize` again")
    lengths = lists.value_lengths().to_numpy().astype(np.int64)
    values = lists.flatten().to_numpy()
    doc_ids = np.array([value.encode() for value in batch.column("doc_id").to_pylist()], dtype=np.bytes_)
    index = np.searchsorted(documents.doc_ids, doc_ids)
    if not np.array_equal(lengths, documents.offsets[index + 1] - documents.offsets[index]):
        raise InputError("shards: num_tokens differs from the length of input_ids; run the step `tokenize` again")
    outside = values[(values < 0) | (values >= vocab_size)]
    if len(outside):
        raise InputError(f"shards: token {int(outside[0])} lies outside the vocabulary of {vocab_size}; were they cut by another tokenizer?")
    begins = np.cumsum(lengths) - lengths
    tokens[np.repeat(documents.offsets[index] - begins, lengths) + np.arange(len(values))] = values


def _batches(shards: Table, split: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    for path in shards.paths:
        for batch in read_row_groups(path, None, shards.schema, _BATCH_BYTES, columns):
            yield batch.filter(pc.equal(batch.column("split"), split))


def _checked(doc_ids: NDArray[np.bytes_], lengths: NDArray[np.int64]) -> None:
    twice = np.flatnonzero(doc_ids[1:] == doc_ids[:-1])
    if len(twice):
        raise InputError(f"shards: the doc_id {bytes(doc_ids[twice[0]]).decode()} comes twice; a document may stand in shards once")
    empty = np.flatnonzero(lengths < 1)
    if len(empty):
        raise InputError(f"shards: document {bytes(doc_ids[empty[0]]).decode()} has no token; even an empty text has its end-of-text token")
