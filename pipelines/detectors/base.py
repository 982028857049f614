"""What a detector is."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, runtime_checkable

from pipelines.contract.errors import AssayError, PartError
from pipelines.contract.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa


class DetectorGaveUp(AssayError):
    """A detector did as much work on a text as it may; the document is set aside, because a silent miss would publish personal data.

    The bound is one of work, such as rounds or candidates, never of time: a document has the same fate on every machine.
    """


class DetectorTimeout(AssayError):
    """A detector met the clock. The step fails and names the document: whether it was slow says something of the machine, nothing of the text.

    ``place`` is the text's number where many were looked at together and it is known.
    """

    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Personal data in a text, in code points. It does not hold the value.

    Attributes:
        rule: our rule by which it was found, where the recogniser alone would not have: ``email.after_letters``.
        passed_over: our rule by which it is something else: ``ip_address.private``. Such a span is told and changes nothing.
    """

    start: int
    end: int
    entity: str
    score: float
    recognizer: str
    rule: str | None = None
    passed_over: str | None = None


class Detector(Protocol):
    """Finds spans; only the step ``scrub`` rewrites. Of what looks like personal data and by a rule is not, it may give a span that is passed over.

    Laws of every detector: spans lie inside the text; the placeholders that ``scrub`` writes are never found; empty text is a case.
    """

    version: ClassVar[int]

    @property
    def entities(self) -> tuple[str, ...]:
        """The entities that its spans may have."""
        ...

    def find(self, text: str) -> list[Span]:
        """Spans in order of start; they may overlap.

        Raises:
            DetectorGaveUp: the text asks for more work than is allowed.
            DetectorTimeout: the clock ran out.
        """
        ...


@runtime_checkable
class BatchDetector(Detector, Protocol):
    """A detector that is faster on many texts at once, as a model is, or one that need not make a string of each."""

    def find_batch(self, texts: pa.Array) -> Sequence[Sequence[Span] | DetectorGaveUp]:
        """What ``find`` gives for each of an Arrow array of strings, in order; where it would give up, the error itself."""
        ...


@runtime_checkable
class LanguageDetector(Detector, Protocol):
    """A detector that reads each text by its language, as a model of one language does."""

    def find_in(self, texts: pa.Array, languages: Sequence[str | None]) -> Sequence[Sequence[Span] | DetectorGaveUp]:
        """As ``BatchDetector.find_batch``; None where a language is not known, as an address' is not."""
        ...


def find_in_each(
    detector: Detector, texts: pa.Array, doc_ids: pa.Array, languages: Sequence[str | None] | None = None
) -> Sequence[Sequence[Span] | DetectorGaveUp]:
    """What a detector finds in each text, or that it gave up on it; ``languages`` are those of the texts, where they are known.

    Raises:
        DetectorTimeout: with the document's id.
        PartError: a batch of texts came back with another number of answers.
    """
    if isinstance(detector, (LanguageDetector, BatchDetector)):
        with _naming(doc_ids):
            if isinstance(detector, LanguageDetector):
                found = detector.find_in(texts, languages or [None] * len(texts))
            else:
                found = detector.find_batch(texts)
        if len(found) != len(texts):
            raise PartError(f"detector {type(detector).__name__}: {len(found)} answers for {len(texts)} texts")
        return found
    return [_found(detector, text, doc_ids[number : number + 1]) for number, text in enumerate(texts.to_pylist())]


@contextmanager
def _naming(doc_ids: pa.Array) -> Iterator[None]:
    """Puts the document's id before the message of a detector that met the clock."""
    try:
        yield
    except DetectorTimeout as timeout:
        others = len(doc_ids) - 1 if timeout.place is None else 0
        which = f"{doc_ids[timeout.place or 0]}, or one of the {others} behind it" if others else f"{doc_ids[timeout.place or 0]}"
        raise DetectorTimeout(f"document {which}: {timeout}") from None


def _found(detector: Detector, text: str, doc_id: pa.Array) -> Sequence[Span] | DetectorGaveUp:
    try:
        with _naming(doc_id):
            return detector.find(text)
    except DetectorGaveUp as gave_up:
        return gave_up


detectors: Final[Registry[Detector]] = Registry("detector", "pipelines.detectors")
