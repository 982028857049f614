"""Share of items whose extracted answer is the right one, letter by letter."""

from __future__ import annotations

from typing import ClassVar, Literal

from evalsuite.base import Outcome, metrics
from evalsuite.metrics.base import ItemMetric


@metrics("exact_match")
class ExactMatch(ItemMetric):
    """1 where the extracted answer equals the target; an answer that could not be extracted is wrong."""

    version: ClassVar[int] = 1
    reads: ClassVar[Literal["response", "extracted"]] = "extracted"

    @staticmethod
    def outcome(answer: str, target: str) -> Outcome:
        """Score of one item; the empty answer is none."""
        return Outcome(extracted=answer or None, score=float(bool(answer) and answer == target))
