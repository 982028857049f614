"""Our own rules beside presidio's recognisers: what they miss and a rule of ours finds, with the rule's name in ``Span.rule``.

A finder sees a window with what stands around it, at most 14,000 characters at once, so that its work is bounded; it gives spans of one text
whatever the machine, the batch or the order. Where presidio's recogniser of the same entity finds the place, its span stands and ours does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pipelines.detectors.base import Span


@dataclass(frozen=True, slots=True)
class Finder:
    """Some rules that look in the same places.

    Attributes:
        windows: the kinds of windows in which they look.
        entities: what they find.
        score: the highest score of their spans.
        find: spans of a piece of a text, for regions of phone numbers.
    """

    windows: tuple[int, ...]
    entities: frozenset[str]
    score: float
    find: Callable[[str, tuple[str, ...]], Iterator[Span]]


FINDERS: Final[tuple[Finder, ...]] = ()
