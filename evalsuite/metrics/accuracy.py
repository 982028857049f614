"""Share of items whose right choice is the most likely one."""

from __future__ import annotations

from typing import ClassVar

from evalsuite.answers import read
from evalsuite.base import Outcome, metrics
from evalsuite.metrics.base import ItemMetric


@metrics("accuracy")
class Accuracy(ItemMetric):
    """1 where the choice of the highest log-likelihood is the right one; of equal ones the first is chosen (``acc`` of lm-evaluation-harness)."""

    version: ClassVar[int] = 1

    @staticmethod
    def outcome(answer: str, target: str) -> Outcome:
        """Score of one item; ``answer`` is log-likelihoods as JSON, ``target`` an index."""
        found = read(answer).logprob_nats
        chosen = str(found.index(max(found)))
        return Outcome(extracted=chosen, score=float(chosen == target))
