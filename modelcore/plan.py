"""Which tokens meet in which step: a pure function of shards, context length, batch size, seed and step.

Neither the number of workers nor the cut into micro-batches nor what happened before enters it. So a run goes on from its step number alone,
and the way from a step to its documents and back needs no log.
"""
# ruff: noqa: N806 - shapes live in names: B rows of a batch, T tokens of a row

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from modelcore.data import Documents
from modelcore.order import ORDER_VERSION, Order
from modelcore.packing import Packing
from pipelines.contract.errors import InputError
from pipelines.contract.manifest import digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from modelcore.config import TrainConfig
    from modelcore.data import TokenStream
    from pipelines.contract.parts import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSpan:
    """Tokens of a document in a row of a step; ``start`` counts from the first of the document's ``input_ids``."""

    doc_id: str
    source: str
    row: int
    start: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The batches of a run. ``last_step`` bounds what is told and is no part of the hash: a longer run has the same first steps."""

    documents: Documents
    packing: Packing
    order: Order
    batch_rows: int
    last_step: int  # of a checkpoint's plan the step that it reached, of a run's the one it is to reach

    @classmethod
    def read(cls, shards: Table, config: TrainConfig) -> Plan:
        """The plan of a run, from doc_ids, sources and lengths alone.

        Raises:
            InputError: the documents to train on do not fill one row.
        """
        documents = Documents.read(shards)
        packing = Packing(offsets=documents.offsets, context_length=config.model.context_length)
        if not packing.num_rows:
            raise InputError(
                f"shards: {len(documents)} training documents hold {packing.num_tokens} tokens, a row needs {packing.context_length + 1}; "
                "add text or lower train.model.context_length"
            )
        order = Order(num_rows=packing.num_rows, seed=config.seed)
        return cls(documents=documents, packing=packing, order=order, batch_rows=config.batch_rows, last_step=config.max_steps)

    @property
    def plan_sha256(self) -> str:
        """Hash of everything that decides the batches."""
        return digest({
            "shards": self.documents.shards_sha256, "split": self.documents.split, "context_length": self.packing.context_length,
            "batch_rows": self.batch_rows, "seed": self.order.seed, "order_version": ORDER_VERSION,
        })  # fmt: skip

    @property
    def num_batch_tokens(self) -> int:
        """Tokens predicted in one step."""
        return self.batch_rows * self.packing.context_length

    def rows(self, step: int) -> NDArray[np.int64]:
        """Rows of a step, in order. Steps count from 1; the last batch of an epoch is filled from the next."""
        return self.order.rows(np.arange((step - 1) * self.batch_rows, step * self.batch_rows, dtype=np.int64))

    def places(self, step: int) -> NDArray[np.int64]:
        """Places of a step's tokens in the stream, B T+1: the first T are read, the last T predicted."""
        return self.rows(step)[:, None] * self.packing.context_length + np.arange(self.packing.context_length + 1)

    def batch(self, stream: TokenStream, step: int) -> NDArray[np.int64]:
        """Tokens of a step, B T+1."""
        return stream.tokens[self.places(step)].astype(np.int64)

    def sources(self, step: int) -> NDArray[np.int32]:
        """Source of each predicted token of a step, B T, as an index into ``documents.sources``."""
        places_BT = self.places(step)[:, 1:]
        return self.documents.source_of[self.packing.documents_at(places_BT.ravel())].reshape(places_BT.shape)

    def documents_of(self, step: int) -> list[DocumentSpan]:
        """Everything that a step touched, row by row.

        Raises:
            InputError: training did not come to this step.
        """
        if not 1 <= step <= self.last_step:
            raise InputError(f"step {step}: there is no such training step; give one from 1 to {self.last_step}")
        return [
            DocumentSpan(
                doc_id=self.documents.doc_id(span.document),
                source=self.documents.source(span.document),
                row=row,
                start=span.start,
                length=span.length,
            )
            for row in self.rows(step).tolist()
            for span in self.packing.spans(row)
        ]

    def steps_of(self, doc_id: str) -> list[int]:
        """Steps up to ``last_step`` that touched a document, each once, ascending; empty if it lies in the tail.

        Raises:
            InputError: no training document has this id.
        """
        rows = self.packing.rows_of(self.documents.index_of(doc_id))
        last_epoch = (self.last_step * self.batch_rows - 1) // self.packing.num_rows
        steps: set[int] = set()
        for epoch in range(last_epoch + 1):
            steps.update((self.order.positions(np.array(rows, dtype=np.int64), epoch) // self.batch_rows + 1).tolist())
        return sorted(step for step in steps if step <= self.last_step)
