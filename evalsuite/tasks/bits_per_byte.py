"""How well a model predicts text of its corpus that it has not seen, source by source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from evalsuite import answers
from evalsuite.base import Item, RollingRequest, tasks
from evalsuite.heldout import documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalsuite.base import Prediction, Response, TaskContext


@tasks("bits_per_byte")
@dataclass(frozen=True, slots=True, kw_only=True)
class BitsPerByte:
    """Bits per UTF-8 byte of held-out documents, for each source and for all.

    Documents are taken in the order of a hash until a source has ``max_source_bytes``; of a long one only the first ``max_document_bytes`` are
    read, so the bound is passed by less than that. The figure for all weighs a source by the bytes taken of it. An item is a document. It has
    no parts: the split keeps held-out documents and their near-duplicates away from training, and what boilerplate they share with it is
    what the metric is to see.
    """

    version: ClassVar[int] = 1
    max_source_bytes: int = 100_000  # bytes of a source's held-out documents at most
    max_document_bytes: int = 8_192  # bytes read of one document at most
    metrics: tuple[str, ...] = ("bits_per_byte",)  # what is computed of the answers

    def data(self) -> dict[str, str]:
        """Nothing: items are made of the held-out side."""
        return {}

    def items(self, context: TaskContext) -> Iterator[Item]:
        """Beginnings of documents, source by source."""
        taken: dict[str, int] = {}
        for document in documents(context):
            text = first_bytes(document.text, self.max_document_bytes)
            if text and taken.get(document.source, 0) < self.max_source_bytes:
                taken[document.source] = taken.get(document.source, 0) + len(text.encode())
                yield Item(item_id=document.doc_id, requests=(RollingRequest(text=text),), target="", groups=(document.source,))

    def predict(self, item: Item, responses: Sequence[Response]) -> Prediction:
        """The log-likelihood of the text."""
        return answers.record(responses, [request.text for request in item.requests if isinstance(request, RollingRequest)])

    def extract(self, response: str) -> str | None:  # noqa: ARG002 - a text has no answer
        """None: a text has no answer."""
        return None


def first_bytes(text: str, num_bytes: int) -> str:
    """The longest beginning of a text that has at most ``num_bytes`` of UTF-8 and ends with a whole code point."""
    return text.encode()[:num_bytes].decode(errors="ignore")
