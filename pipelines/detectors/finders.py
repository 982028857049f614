"""What our own rules beside presidio's recognisers are made of: they find what those miss, and the rule's name is in ``Span.rule``.

A finder sees a window with what stands around it, at most 14,000 characters at once, so that its work is bounded; it gives the same spans on every
machine, in every batch and order. Where presidio's recogniser of the same entity finds the place, its span stands and ours does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pipelines.detectors.base import Span

SURE: Final = 0.4  # what a pattern that shares its windows must reach: windows and gates are made for those that can


@dataclass(frozen=True, slots=True)
class Finder:
    """Some rules that look in the same places.

    Attributes:
        windows: the kinds of windows in which they look.
        entities: what they find.
        score: the highest score of their spans.
        find: spans of a piece of a text whose window lies between two places of it; those that do not end there are thrown away.
    """

    windows: tuple[int, ...]
    entities: frozenset[str]
    score: float
    find: Callable[[str, int, int], Iterator[Span]]


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B).

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
