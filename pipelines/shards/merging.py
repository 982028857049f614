"""Byte-pair encoding of one pre-token: the pair of the lowest rank is merged first, of equal ones the first in the text."""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.compile import inlined

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from pipelines.shards.pretokens import Bytes, Int64

    Int32 = npt.NDArray[np.int32]

Pair = tuple[int, int]
EMPTY: Final = -1
_HALF: Final = 32  # a pair is two ids in one number; what is known of it is its rank and the id of what it becomes
_LOW: Final = (1 << _HALF) - 1
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


def pair_table(merges: Mapping[Pair, tuple[int, int]]) -> Int64:
    """What each pair of ids becomes, given as (rank, id): int64[S, 2], open addressing, at most half full."""
    pairs = np.array([left << _HALF | right for left, right in merges], np.int64)
    values = np.array([rank << _HALF | made for rank, made in merges.values()], np.int64)
    table = np.full((1 << max(1, (2 * len(merges)).bit_length()), 2), EMPTY, np.int64)
    waiting = np.arange(len(pairs))
    places = _places(pairs, table.shape[0])
    while waiting.size:  # all at once: of those that want one free place the first gets it, the others look further
        free = waiting[table[places[waiting], 0] == EMPTY]
        _, first = np.unique(places[free], return_index=True)
        table[places[free[first]]] = np.stack([pairs[free[first]], values[free[first]]], axis=1)
        waiting = np.setdiff1d(waiting, free[first], assume_unique=True)
        places[waiting] = (places[waiting] + 1) & table.shape[0] - 1
    return table


def _places(pairs: Int64, size: int) -> Int64:
    return ((pairs.view(np.uint64) * _MIX >> np.uint64(_HALF)) & np.uint64(size - 1)).astype(np.int64)


@inlined
def _known(table: Int64, left: int, right: int) -> int:
    """Rank and id of what a pair becomes, in one number; -1 if it is never merged."""
    pair = np.int64(left) << _HALF | np.int64(right)
    place = np.int64(np.uint64(pair) * _MIX >> np.uint64(_HALF)) & table.shape[0] - 1
    while table[place, 0] != pair:
        if table[place, 0] == EMPTY:
            return -1
        place = (place + 1) & table.shape[0] - 1
    return int(table[place, 1])


@inlined
def _push(heap: Int64, size: int, value: int) -> int:
    at = size
    while at > 0 and heap[(at - 1) >> 1] > value:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = value
    return size + 1


@inlined
def _pop(heap: Int64, size: int) -> int:
    """Takes the lowest value away; returns how many are left."""
    size -= 1
    value, at = heap[size], 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = value
    return size


@inlined
def _propose(table: Int64, symbols: Int32, left: int, right: int, heap: Int64, waiting: int) -> int:
    """Adds the rank of two neighbours to the heap if they are ever merged; returns how many wait there."""
    known = _known(table, symbols[left], symbols[right])
    return waiting if known < 0 else _push(heap, waiting, (known & ~_LOW) | left)


@inlined
def merge(utf8: Bytes, start: int, end: int, byte_ids: Int32, table: Int64, links: Int32, heap: Int64, ids: Int32, count: int) -> int:
    """Writes the ids of a pre-token to ``ids`` from ``count`` on; returns where they end.

    ``links`` is int32[3, n] and ``heap`` int64[2 * n] of room for its n bytes: a merge takes one pair from the heap and adds two at most.
    """
    num_bytes = end - start
    symbols, before, after = links[0], links[1], links[2]
    waiting = 0
    for i in range(num_bytes):
        symbols[i], before[i], after[i] = byte_ids[utf8[start + i]], i - 1, i + 1
        if i > 0:
            waiting = _propose(table, symbols, i - 1, i, heap, waiting)
    while waiting > 0:
        best = heap[0]
        waiting = _pop(heap, waiting)
        left = best & _LOW
        right = after[left]
        known = np.int64(-1) if symbols[left] == EMPTY or right >= num_bytes else _known(table, symbols[left], symbols[right])
        if known < 0 or known >> _HALF != best >> _HALF:
            continue  # one of the two has been merged with its other neighbour
        symbols[left], symbols[right] = known & _LOW, EMPTY
        after[left] = after[right]
        if before[left] >= 0:
            waiting = _propose(table, symbols, before[left], left, heap, waiting)
        if after[left] < num_bytes:
            before[after[left]] = left
            waiting = _propose(table, symbols, left, after[left], heap, waiting)
    at = 0
    while at < num_bytes:
        ids[count] = symbols[at]
        count += 1
        at = after[at]
    return count
