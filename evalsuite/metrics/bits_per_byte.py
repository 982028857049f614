"""Bits that a model needs for a byte of text."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from evalsuite.answers import read
from evalsuite.base import Outcome, metrics
from evalsuite.metrics.base import ItemMetric


@metrics("bits_per_byte")
class BitsPerByte(ItemMetric):
    """All bits over all UTF-8 bytes: lower is better, and models with different tokenizers can be compared (Gao et al. 2020, section 3.1).

    An item is a text, its weight its bytes. A text without bytes weighs nothing.
    """

    version: ClassVar[int] = 1
    estimator: ClassVar[Literal["share", "ratio"]] = "ratio"

    @staticmethod
    def outcome(answer: str, target: str) -> Outcome:  # noqa: ARG004 - a text has no right answer
        """Score of one text; ``answer`` is its log-likelihood as JSON."""
        found = read(answer)
        num_bytes = sum(found.num_bytes)
        bits = -math.fsum(found.logprob_nats) / math.log(2)
        return Outcome(extracted=None, score=bits / num_bytes if num_bytes else 0.0, weight=float(num_bytes))
