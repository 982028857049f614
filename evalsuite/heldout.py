"""The held-out side of a corpus as tasks see it: in an order by hash, whatever the order of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalsuite.sampling import rank
from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from evalsuite.base import TaskContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A held-out document."""

    doc_id: str
    text: str
    source: str


def documents(context: TaskContext) -> list[Document]:
    """All held-out documents by rank of doc_id.

    Raises:
        InputError: the context has no held-out side, or its table lacks a column.
    """
    if context.heldout is None:
        raise InputError("this task is made of a corpus's held-out side, and there is none; name a run that was split, or leave the task out")
    missing = {"doc_id", "text", "source"} - set(context.heldout.column_names)
    if missing:
        raise InputError(f"the table of held-out documents lacks {sorted(missing)}; it has {context.heldout.column_names}")
    columns = [context.heldout.column(name).to_pylist() for name in ("doc_id", "text", "source")]
    found = [Document(doc_id=doc_id, text=text, source=source) for doc_id, text, source in zip(*columns, strict=True)]
    return sorted(found, key=lambda document: rank(document.doc_id))
