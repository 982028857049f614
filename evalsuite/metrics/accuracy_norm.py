"""Share of items whose right choice is the most likely one per byte."""

from __future__ import annotations

from typing import ClassVar

from evalsuite.answers import read
from evalsuite.base import Outcome, metrics
from evalsuite.metrics.base import ItemMetric


@metrics("accuracy_norm")
class AccuracyNorm(ItemMetric):
    """1 where the choice of the highest log-likelihood per UTF-8 byte is the right one; of equal ones the first is chosen.

    lm-evaluation-harness divides by code points in ``acc_norm``; bytes treat scripts alike and equal its ``acc_bytes``. An empty choice counts
    as one byte.
    """

    version: ClassVar[int] = 1

    @staticmethod
    def outcome(answer: str, target: str) -> Outcome:
        """Score of one item; ``answer`` is log-likelihoods as JSON, ``target`` an index."""
        found = read(answer)
        per_byte = [nats / max(size, 1) for nats, size in zip(found.logprob_nats, found.num_bytes, strict=True)]
        chosen = str(per_byte.index(max(per_byte)))
        return Outcome(extracted=chosen, score=float(chosen == target))
