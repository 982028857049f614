"""Groups too small to be told: a statistic over a few documents may say whose they are (k-anonymity; Sweeney 2002).

A group of fewer than k documents has no figure. Where the groups add up to a known total, the figures of the others would give a single such group
away, so the smallest of the others are withheld too, until two groups or more, and k documents or more, are (complementary suppression; Willenborg
and de Waal, Elements of Statistical Disclosure Control, 2001, chapter 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

NOT_TOLD: Final = "not told"
_MIN_WITHHELD: Final = 2


def withheld(sizes: Sequence[int], min_group: int, *, have_total: bool = True) -> list[str | None]:
    """For each group what stands in the place of its figures; None where they may be told.

    ``sizes`` are documents, in an order that does not depend on how rows came in: of groups of one size the earlier is withheld first. Groups that
    share documents have no total.

    >>> withheld([40, 2, 7], 5)
    [None, 'fewer than 5', 'not told']
    """
    small = [number for number, size in enumerate(sizes) if size < min_group]
    others = sorted((number for number, size in enumerate(sizes) if size >= min_group), key=lambda number: sizes[number])
    hidden = list(small)
    while have_total and hidden and others and (len(hidden) < _MIN_WITHHELD or sum(sizes[number] for number in hidden) < min_group):
        hidden.append(others.pop(0))
    said = dict.fromkeys(hidden, NOT_TOLD) | dict.fromkeys(small, f"fewer than {min_group:,}")
    return [said.get(number) for number in range(len(sizes))]
