"""Numbers with their doubt: Wilson's interval for shares, the linearised ratio estimator for weighted means.

Items are taken as independent draws. Where a mean is of ratios (bits per byte), the item is the document, so that tokens of one document do not
count as independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.contract.errors import AssayError

if TYPE_CHECKING:
    from collections.abc import Sequence

Z_95: Final = 1.959963984540054


class NoScores(AssayError):
    """There is no item, so there is no number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its standard error and 95% interval; what one item cannot tell is None."""

    value: float
    stderr: float | None
    ci_low: float | None
    ci_high: float | None
    num_items: int


def share(scores: Sequence[float]) -> Estimate:
    """Share of right answers: scores of 0 and 1.

    The standard error is that of a mean (ddof = 1); the interval is Wilson's score interval (Wilson 1927; Brown, Cai, DasGupta 2001), which
    stays in [0, 1] and is not empty where all answers are alike.

    Raises:
        NoScores: there is no item.
        ValueError: a score is neither 0 nor 1.
    """
    if any(score not in (0.0, 1.0) for score in scores):
        raise ValueError("a share is made of zeros and ones")
    value, n = weighted_mean(scores, [1.0] * len(scores)), len(scores)
    centre = (value + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * math.sqrt(value * (1 - value) / n + Z_95**2 / (4 * n**2))
    # Rounding must not push the end past the value that it is known to reach.
    low = 0.0 if value == 0.0 else max(0.0, centre - half)
    high = 1.0 if value == 1.0 else min(1.0, centre + half)
    return Estimate(value=value, stderr=mean_stderr(scores), ci_low=low, ci_high=high, num_items=n)


def ratio(scores: Sequence[float], weights: Sequence[float]) -> Estimate:
    """A weighted mean whose weights are drawn with the items: bits per byte is all bits over all bytes.

    Standard error by linearisation (Cochran 1977, Sampling Techniques, section 2.11); interval by Student's t with n - 1 degrees of freedom.

    Raises:
        NoScores: there is no item, or no weight.
    """
    value, n = weighted_mean(scores, weights), len(scores)
    if n == 1:
        return Estimate(value=value, stderr=None, ci_low=None, ci_high=None, num_items=1)
    squares = math.fsum((w * (s - value)) ** 2 for s, w in zip(scores, weights, strict=True))
    stderr = math.sqrt(n / (n - 1) * squares) / math.fsum(weights)
    half = t_975(n - 1) * stderr
    return Estimate(value=value, stderr=stderr, ci_low=value - half, ci_high=value + half, num_items=n)


def weighted_mean(scores: Sequence[float], weights: Sequence[float]) -> float:
    """Sum of score times weight over the sum of weights, rounded once each, so that the order of items changes nothing.

    Raises:
        NoScores: there is no item, or no weight.
    """
    total = math.fsum(weights)
    if not scores or total <= 0:
        raise NoScores(f"no number without items: {len(scores)} items of weight {total:g} were scored; is the task or the subset empty?")
    return math.fsum(s * w for s, w in zip(scores, weights, strict=True)) / total


def mean_stderr(scores: Sequence[float]) -> float | None:
    """Standard error of a plain mean (ddof = 1); None for a single item."""
    if len(scores) < 2:  # noqa: PLR2004 - a variance takes two
        return None
    mean = math.fsum(scores) / len(scores)
    return math.sqrt(math.fsum((s - mean) ** 2 for s in scores) / (len(scores) - 1)) / math.sqrt(len(scores))


def t_975(degrees: int) -> float:
    """The 97.5% point of Student's t: exact for 1 and 2 degrees of freedom, else Cornish and Fisher's expansion (Abramowitz, Stegun 26.7.5)."""
    if degrees < 1:
        raise ValueError("Student's t takes at least one degree of freedom")
    if degrees == 1:
        return math.tan(math.pi * 0.475)
    if degrees == 2:  # noqa: PLR2004 - its quantile has a closed form
        return 0.95 / math.sqrt(2 * 0.975 * 0.025)
    x, n = Z_95, degrees
    return (
        x
        + (x**3 + x) / (4 * n)
        + (5 * x**5 + 16 * x**3 + 3 * x) / (96 * n**2)
        + (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / (384 * n**3)
        + (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / (92160 * n**4)
    )
