"""Cut lists: everything that earlier steps cut out of a document, in one row, so that it can stand beside its text.

A step that cuts writes a table ``cuts``: rows of edits of the clean text, sorted and disjoint within a document, and disjoint from the cuts of the
steps before it. Who works on the text afterwards reads all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from pipelines.contract.parts import Table, scratch, union
from pipelines.contract.schema import EDITS

if TYPE_CHECKING:
    from pipelines.steps.base import Work

CUTS: Final = "cuts"
CUT_LISTS: Final = scratch(pa.schema([("doc_id", pa.string()), ("cuts", pa.list_(pa.int64()))]))


@dataclass(frozen=True)
class ListCuts:
    """A document's cuts as a flat list: start, end, new length, start, end, ..."""

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """One row for the document that the batch is all about."""
        rows = zip(*(batch.column(n).to_pylist() for n in ("start", "end", "new_length")), strict=True)
        flat = [number for row in rows for number in row]
        return {"cut_lists": pa.RecordBatch.from_pylist([{"doc_id": batch.column("doc_id")[0].as_py(), "cuts": flat}], schema=CUT_LISTS)}


def cut_lists(work: Work) -> Table:
    """What the steps before this one cut, a row a document; empty where nothing was. The step reads ``(EVERY, CUTS)``."""
    cuts = union(CUTS, work.every(CUTS), EDITS.schema)
    if not cuts.files:
        return Table(name="cut_lists", schema=CUT_LISTS)
    outputs, folder = {"cut_lists": CUT_LISTS}, work.subfolder("cut_lists")
    return work.engine.map_groups(cuts, ListCuts(), outputs, folder, key="doc_id", order=[("start", "ascending")])["cut_lists"]
