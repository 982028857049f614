"""What a task, a metric and a model under test are, and the words they speak to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol

import pyarrow as pa

from pipelines.contract.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Status = Literal["clean", "contaminated", "inexact", "unchecked"]
Role = Literal["input", "label", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoglikelihoodRequest:
    """How likely is ``continuation`` after ``context``?"""

    context: str
    continuation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingRequest:
    """How likely is ``text`` as a whole, with nothing before it?"""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRequest:
    """What follows ``prompt``? Greedy; the answer ends before the first of ``stop`` or after ``max_new_tokens``."""

    prompt: str
    stop: tuple[str, ...]
    max_new_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Log-likelihood summed over the scored tokens, in nats; ``is_greedy``: each of them was the most likely one."""

    logprob_nats: float
    is_greedy: bool
    num_tokens: int


Request = LoglikelihoodRequest | RollingRequest | GenerateRequest
Response = Scored | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A text of an item that must not be in a training corpus.

    ``role``: what a model is given (``input``), what it should answer (``label``), or ``both`` in one text. ``match_whole``: look for it as a whole
    although it has fewer than 8 words.
    """

    name: str
    text: str
    role: Role = "input"
    match_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of a task.

    ``target`` is the right answer: a text, or the index of the right request. ``parts`` are what contamination looks for; text of an item that
    ``has_answer`` says has none is flagged in a corpus, never taken out. For each of ``groups`` every metric is scored once more, as
    ``metric:group``.
    """

    item_id: str
    requests: tuple[Request, ...]
    target: str
    parts: tuple[Part, ...] = ()
    has_answer: bool = True
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a model answered, so that it can be scored again without the model.

    ``response`` is the text, or log-likelihoods as JSON (``answers.py``). ``extracted`` is the answer that the task took from a text; None if
    there was none, or if choosing is the metric's business.
    """

    response: str
    extracted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A metric's value for one item, and the item's weight in the mean."""

    extracted: str | None
    score: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What a task may be made of: ``heldout`` holds doc_id, text and source of the corpus's held-out side."""

    heldout: pa.Table | None = None


class Task(Protocol):
    """A set of questions. Fields are its parameters.

    Laws of every task: ``items`` gives the same items, in the same order, for any row order of the context; item ids are unique; a missing
    benchmark file is one InputError with the way out.
    """

    version: ClassVar[int]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that score it."""
        ...

    def data(self) -> dict[str, str]:
        """sha256 of each file that items are made of, by the file's name; empty where they are made of the held-out side."""
        ...

    def items(self, context: TaskContext) -> Iterator[Item]:
        """The questions."""
        ...

    def predict(self, item: Item, responses: Sequence[Response]) -> Prediction:
        """The answer to an item, from the responses to its requests in their order."""
        ...

    def extract(self, response: str) -> str | None:
        """The answer in a recorded response, as ``predict`` takes it; None if there is none or the metric chooses."""
        ...


class Metric(Protocol):
    """An ``evaluate.Metric`` that also scores one item (``metrics/base.py``)."""

    version: ClassVar[int]
    reads: ClassVar[Literal["response", "extracted"]]
    estimator: ClassVar[Literal["share", "ratio"]]

    @staticmethod
    def outcome(answer: str, target: str) -> Outcome:
        """Score of one item; an answer that could not be extracted is the empty string."""
        ...

    def compute(self, *, predictions: Sequence[str], references: Sequence[str]) -> dict[str, Any]:
        """The weighted mean over items, under the metric's name."""
        ...


class Model(Protocol):
    """Answers requests in their order. A law: the answer to a request depends on that request alone, to rounding of float32."""

    version: ClassVar[int]

    @property
    def name(self) -> str:
        """Name in the tables."""
        ...

    @property
    def identity(self) -> str:
        """Hash of everything that decides its answers."""
        ...

    def loglikelihood(self, requests: Sequence[LoglikelihoodRequest]) -> list[Scored]:
        """Log-likelihood of each continuation."""
        ...

    def loglikelihood_rolling(self, requests: Sequence[RollingRequest]) -> list[Scored]:
        """Log-likelihood of each whole text; every token is scored once."""
        ...

    def generate(self, requests: Sequence[GenerateRequest]) -> list[str]:
        """A greedy continuation of each prompt."""
        ...


tasks: Final[Registry[Task]] = Registry("task", "evalsuite.tasks")
metrics: Final[Registry[Metric]] = Registry("metric", "evalsuite.metrics")
models: Final[Registry[Model]] = Registry("model backend", "evalsuite.models")
