"""Lines in which something may have to be repaired, found in one pass over the bytes of many texts.

What is looked for: characters that are suspicious by themselves, pairs of neighbours that are, HTML entities, and combining marks in another order
than the canonical one. The finding may be a false alarm; a line that is not found has nothing of it, whatever else it holds.
"""

# Kernels get arrays, not objects; UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR0917, PLR2004

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from pipelines.text.characters import character
from pipelines.text.compile import kernel
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

BEYOND: Final = 0x30000  # stands for itself and all after it: rare ideographs, tags and private use, of which none composes or is ordered
NUM_POINTS: Final = BEYOND + 1
MAX_PAIRS: Final = 64
_MAX_CLASSES: Final = 256
_MAX_ENTITY: Final = 40  # the longest name of an HTML entity has 31 characters
_ASCII: Final = 0x80
_MIXER: Final = np.uint64(0x9E3779B97F4A7C15)  # an odd number without a pattern


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """Characters in classes of those that count alike, and what each class is.

    Attributes:
        classes: uint8, of each code point.
        firsts, seconds: uint64[256], the pairs in which a class comes first or second, a bit a pair.
        alone: bool[256], whether it is suspicious by itself.
        orders: uint8[256], its canonical combining class.
        finds_entities: whether ``&NAME;`` is suspicious.
    """

    classes: Bytes
    firsts: Uint64
    seconds: Uint64
    alone: Flags
    orders: Bytes
    finds_entities: bool

    def touched(self, texts: pa.Array) -> pa.BooleanArray:
        """Whether each text of an Arrow string array without nulls has such a line."""
        offsets, data = utf8_buffers(texts)
        found = np.zeros(len(texts), np.bool_)
        found[self._lines(data, offsets)[0]] = True
        return pa.array(found)

    def lines(self, text: str) -> list[tuple[int, int]]:
        """Start and end, in code points, of every such line of a text with its newline."""
        utf8 = text.encode("utf-8", "surrogatepass")
        _, starts, ends = self._lines(np.frombuffer(utf8, np.uint8), np.array([0, len(utf8)]))
        return list(zip(starts.tolist(), ends.tolist(), strict=True))

    def _lines(self, data: Bytes, offsets: Int64) -> tuple[Int64, Int64, Int64]:
        most = 1024
        while True:
            texts, starts, ends = (np.empty(most, np.int64) for _ in range(3))
            size = _suspicious_lines(
                data, offsets, self.classes, self.firsts, self.seconds, self.alone, self.orders, self.finds_entities, texts, starts, ends
            )
            if size <= most:
                return texts[:size], starts[:size], ends[:size]
            most = size


def screen(pairs: Sequence[tuple[Flags, Flags]], *, alone: Iterable[int] = (), orders: Bytes | None = None, finds_entities: bool = False) -> Screen:
    """A screen for pairs of sets of code points (bool, over all up to ``BEYOND``), code points that are suspicious alone, and combining classes.

    Raises:
        ValueError: two ASCII characters make a pair (texts of ASCII are passed over quickly), or there are too many pairs.
    """
    if len(pairs) > MAX_PAIRS:
        raise ValueError(f"{len(pairs)} pairs; at most {MAX_PAIRS} fit")
    if any(first[:_ASCII].any() and second[:_ASCII].any() for first, second in pairs):
        raise ValueError("a pair of ASCII characters; one of the two must be beyond ASCII")
    firsts, seconds = np.zeros(NUM_POINTS, np.uint64), np.zeros(NUM_POINTS, np.uint64)
    for number, (first, second) in enumerate(pairs):
        firsts[first] |= np.uint64(1 << number)
        seconds[second] |= np.uint64(1 << number)
    suspicious = np.zeros(NUM_POINTS, np.bool_)
    suspicious[list(alone)] = True
    order = np.zeros(NUM_POINTS, np.uint8) if orders is None else orders
    facts: list[npt.NDArray[Any]] = [firsts, seconds, suspicious, order]
    examples, classes = _classes(facts)
    of_class = [np.concatenate([fact[examples], np.zeros(_MAX_CLASSES - examples.size, fact.dtype)]) for fact in facts]
    return Screen(classes, of_class[0], of_class[1], of_class[2], of_class[3], finds_entities)


def _classes(facts: list[npt.NDArray[Any]]) -> tuple[Int64, Bytes]:
    """An example of each class of code points with the same facts, and the class of every code point."""
    mixed = np.zeros(NUM_POINTS, np.uint64)
    for fact in facts:
        mixed = (mixed ^ fact.astype(np.uint64)) * _MIXER
        mixed ^= mixed >> np.uint64(29)
    _, examples, classes = np.unique(mixed, return_index=True, return_inverse=True)
    if examples.size > _MAX_CLASSES or any((fact[examples][classes] != fact).any() for fact in facts):
        raise ValueError(f"{examples.size} classes of characters; at most {_MAX_CLASSES} fit")
    beyond = np.full(sys.maxunicode - BEYOND, classes[BEYOND])
    return examples, np.concatenate([classes, beyond]).astype(np.uint8)


@kernel
def _suspicious_lines(  # noqa: C901, PLR0912 - one pass; a call would cost more than it does
    data: Bytes,
    offsets: Int64,
    classes: Bytes,
    firsts: Uint64,
    seconds: Uint64,
    alone: Flags,
    orders: Bytes,
    finds_entities: bool,  # noqa: FBT001 - numba takes no keywords
    texts: Int64,
    starts: Int64,
    ends: Int64,
) -> int:
    """Writes number of the text, start and end in code points of each line; returns how many there are, of which those that fit were written."""
    size = 0
    for text in range(offsets.size - 1):
        place, end = offsets[text], offsets[text + 1]
        base = place  # a byte offset less this is one in code points
        start = np.int64(0)
        is_found = False
        order = np.uint8(0)
        while True:
            while place < end and data[place] < 0x80 and data[place] != 0x0A and data[place] != 0x26 and not alone[classes[data[place]]]:
                place += 1
                order = np.uint8(0)
            if place >= end or data[place] == 0x0A:
                at = min(place + 1, end)
                if is_found:
                    if size < texts.size:
                        texts[size], starts[size], ends[size] = text, start, at - base
                    size += 1
                    is_found = False
                if place >= end:
                    break
                place, start, order = at, at - base, np.uint8(0)
                continue
            if data[place] < 0x80:
                order = np.uint8(0)
                if alone[classes[data[place]]]:
                    is_found = True
                elif finds_entities:
                    for i in range(place + 1, min(place + _MAX_ENTITY, end)):
                        if data[i] == 0x3B:
                            is_found = True
                        if data[i] == 0x3B or data[i] <= 0x20 or data[i] == 0x26:
                            break
                place += 1
                continue
            point, width = character(data, place, end)
            kind = classes[point]
            if alone[kind]:
                is_found = True
            if orders[kind] and order > orders[kind]:
                is_found = True
            order = orders[kind]
            if firsts[kind] and place + width < end:
                following = np.int32(data[place + width])
                if following >= 0x80:
                    following, _ = character(data, place + width, end)
                if firsts[kind] & seconds[classes[following]]:
                    is_found = True
            if seconds[kind] and place > offsets[text] and data[place - 1] < 0x80 and seconds[kind] & firsts[classes[data[place - 1]]]:
                is_found = True
            place += width
            base += width - 1
    return size
