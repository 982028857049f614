"""What a detector is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from pipelines.contract.errors import AssayError
from pipelines.contract.registry import Registry


class DetectorTimeout(AssayError):
    """A recogniser gave up on a text; the document is set aside, because a silent miss would publish personal data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Personal data in a text, in code points. It does not hold the value."""

    start: int
    end: int
    entity: str
    score: float
    recognizer: str


class Detector(Protocol):
    """Finds spans; only the step ``scrub`` rewrites.

    Laws of every detector: spans lie inside the text; the placeholders that ``scrub`` writes are never found; empty text is a case.
    """

    version: ClassVar[int]

    def find(self, text: str) -> list[Span]:
        """Spans in order of start; they may overlap.

        Raises:
            DetectorTimeout: a recogniser gave up.
        """
        ...


detectors: Final[Registry[Detector]] = Registry("detector", "pipelines.detectors")
