"""Neighbouring characters without which ftfy's ``badness`` finds nothing: taken from its pattern, so that they are its own whatever its version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.screening import MAX_PAIRS, NUM_POINTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    Flags = npt.NDArray[np.bool_]

_ASCII: Final = 0x80
_ASCII_WEIGHT: Final = 1000  # of a character in ASCII: most texts are made of them
_BLANKS: Final = " \t\n\r\v\f"  # what a verbose pattern may hold between its parts
# Parts of a verbose pattern: blanks and comments, "|" and "^", and what takes one character, be it optional.
_PART: Final = re.compile(
    rf"(?P<blank>[{_BLANKS}]+|\#[^\n]*)|(?P<bar>\|)|(?P<edge>\^)"
    rf"|(?P<atom>\[(?:\\.|[^\]\\])+\]|\\[sw]|[^{_BLANKS}\\\[\](){{}}*+?|^$\#])(?P<optional>\??)"
)
# A pattern names no character of East Asia, and none beyond the first plane: what it says of all of them is asked of a letter, a digit, a blank
# and a sign.
_NAMED: Final = (range(0x3000), range(0xF800, 0x10000))
_NEAR: Final = "".join(chr(point) for named in _NAMED for point in named)
_FAR: Final = ("\u6f22", "\U0001d7ce", "\u3000", "\U0001f600")


@dataclass(frozen=True, slots=True, eq=False)
class Unlikely:
    """Code points that are unlikely alone, and pairs of sets of them (bool over all) that are so side by side."""

    alone: frozenset[int]
    pairs: tuple[tuple[Flags, Flags], ...]


def unlikely(expression: re.Pattern[str]) -> Unlikely | None:
    """Whatever the verbose expression matches holds one of these. None where it has parts that are not understood here.

    Of each alternative, the two neighbours that texts have least often.
    """
    alternatives = _alternatives(expression.pattern)
    is_known = expression.flags == re.VERBOSE | re.UNICODE and all(any(ord(c) in named for named in _NAMED) for c in expression.pattern)
    if alternatives is None or not is_known:
        return None
    alone: set[int] = set()
    pairs: list[tuple[Flags, Flags]] = []
    for runs in alternatives:
        sets = [[_set_of(atom) for atom in run] for run in runs]
        chosen = min((pair for run in sets for pair in pairwise(run)), key=lambda pair: _weight(pair[0]) * _weight(pair[1]), default=None)
        if chosen is None:
            alone.update(np.flatnonzero(min((one for run in sets for one in run), key=_weight)).tolist())
        else:
            pairs.append(chosen)
    if len(pairs) > MAX_PAIRS or any(first[:_ASCII].any() and second[:_ASCII].any() for first, second in pairs):
        return None
    return Unlikely(frozenset(alone), tuple(pairs))


def _alternatives(pattern: str) -> list[list[list[str]]] | None:
    """The alternatives of a pattern: each the runs of what it takes without fail, character by character."""
    found: list[list[list[str]]] = [[[]]]
    for part in _parts(pattern):
        if part is None:
            return None
        if part["bar"]:
            found.append([[]])
        elif part["atom"] and not part["optional"]:
            found[-1][-1].append(part["atom"])
        elif part["atom"]:
            found[-1].append([])
    return found if all(any(runs) for runs in found) else None


def _parts(pattern: str) -> Iterator[re.Match[str] | None]:
    place = 0
    while place < len(pattern):
        part = _PART.match(pattern, place)
        yield part
        if part is None:
            return
        place = part.end()


def _set_of(atom: str) -> Flags:
    """The characters that a part takes, and perhaps more of those that no part names."""
    takes = re.compile(atom, re.VERBOSE)
    found = np.full(NUM_POINTS, any(takes.match(character) for character in _FAR), np.bool_)
    for named in _NAMED:
        found[named.start : named.stop] = False
    return found | points(takes.findall(_NEAR))


def _weight(characters: Flags) -> int:
    return int(characters.sum()) + _ASCII_WEIGHT * int(characters[:_ASCII].sum())


def points(characters: Iterable[str]) -> Flags:
    """Some characters as bool over all code points."""
    found = np.zeros(NUM_POINTS, np.bool_)
    found[[ord(character) for character in characters]] = True
    return found
