"""Which words go on? A choice made of held-out documents, so every corpus has a benchmark of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from evalsuite import answers
from evalsuite.base import Item, LoglikelihoodRequest, Part, tasks
from evalsuite.heldout import documents
from evalsuite.sampling import rank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalsuite.base import Prediction, Response, TaskContext
    from evalsuite.heldout import Document

_WORD: Final = re.compile(r"\S+")


@tasks("cloze")
@dataclass(frozen=True, slots=True, kw_only=True)
class Cloze:
    """Passages of held-out documents, each with its own continuation and those of other passages.

    Documents are taken in the order of a hash up to ``num_items``; one without ``min_context_words`` and a continuation is passed over. A
    passage starts where a hash says; its context has up to ``max_context_words``. Words are what white space separates. Continuations are set
    with single spaces, so that a line break gives nothing away, and have equally many words. Fewer than
    ``num_distractors`` + 1 passages make no item. Part: the passage as it stands in the document.
    """

    version: ClassVar[int] = 2
    num_items: int = 200  # passages at most
    num_distractors: int = 3  # continuations of other passages to choose from
    min_context_words: int = 60  # words before the continuation, at least
    max_context_words: int = 120  # words before the continuation, at most
    num_continuation_words: int = 18  # words of a continuation
    metrics: tuple[str, ...] = ("accuracy", "accuracy_norm")  # what is computed of the answers

    def data(self) -> dict[str, str]:
        """Nothing: items are made of the held-out side."""
        return {}

    def items(self, context: TaskContext) -> Iterator[Item]:
        """One item a passage, by rank of its document."""
        passages: list[_Passage] = []
        for document in documents(context):
            if len(passages) == self.num_items:
                break
            passage = self._passage(document)
            if passage:
                passages.append(passage)
        for passage in passages:
            others = {p.continuation for p in passages} - {passage.continuation}
            if len(others) >= self.num_distractors:
                yield _item(passage, sorted(others, key=lambda text: rank(passage.item_id, text))[: self.num_distractors])

    def predict(self, item: Item, responses: Sequence[Response]) -> Prediction:
        """Log-likelihoods; the size of a choice is that of its words, without the space before them."""
        asked = [request for request in item.requests if isinstance(request, LoglikelihoodRequest)]
        return answers.record(responses, [request.continuation.removeprefix(" ") for request in asked])

    def extract(self, response: str) -> str | None:  # noqa: ARG002 - the metrics choose
        """None: the metrics choose."""
        return None

    def _passage(self, document: Document) -> _Passage | None:
        words = [match.span() for match in _WORD.finditer(document.text)]
        room = len(words) - self.num_continuation_words
        if room < self.min_context_words:
            return None
        num_context = min(room, self.max_context_words)
        first = int.from_bytes(rank("start", document.doc_id), "big") % (room - num_context + 1)
        start, border = words[first][0], first + num_context
        spans = words[border : border + self.num_continuation_words]
        text = document.text[start : spans[-1][1]]
        return _Passage(
            item_id=f"{document.doc_id}-{rank(text).hex()[:8]}",
            text=text,
            context=document.text[start : words[border - 1][1]],
            continuation=" ".join(document.text[begin:end] for begin, end in spans),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passage:
    item_id: str  # ends with a hash of the text: the item of another text is another item
    text: str
    context: str
    continuation: str


def _item(passage: _Passage, distractors: Sequence[str]) -> Item:
    choices = sorted([passage.continuation, *distractors], key=lambda text: rank("place", passage.item_id, text))
    return Item(
        item_id=passage.item_id,
        requests=tuple(LoglikelihoodRequest(context=passage.context, continuation=f" {choice}") for choice in choices),
        target=str(choices.index(passage.continuation)),
        parts=(Part(name="passage", text=passage.text, role="both"),),
    )
