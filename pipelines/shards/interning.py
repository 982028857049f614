"""A table of byte strings in arrays, so that a pre-token that was met before is found again.

``places`` is uint64[S], S a power of two: nothing, or an entry's number and half of its hash. ``entries`` is int64[n, at least 2]: where an entry's
bytes begin in ``held``, how many they are, and what the user of the table keeps beside them.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.compile import inlined

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Int32 = npt.NDArray[np.int32]
    Int64 = npt.NDArray[np.int64]
    Uint64 = npt.NDArray[np.uint64]

_NUMBER: Final = np.uint64(0xFFFFFFFF)
_BASIS: Final = np.uint64(0xCBF29CE484222325)
_PRIME: Final = np.uint64(0x100000001B3)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


@inlined
def hashed(utf8: Bytes, start: int, end: int) -> np.uint64:
    """FNV-1a (Fowler, Noll, Vo) of some bytes, finished so that low and high bits are good."""
    value = _BASIS
    for i in range(start, end):
        value = (value ^ np.uint64(utf8[i])) * _PRIME
    value = (value ^ value >> np.uint64(32)) * _MIX
    return value ^ value >> np.uint64(29)


@inlined
def place_of(utf8: Bytes, start: int, size: int, value: np.uint64, places: Uint64, entries: Int64, held: Bytes) -> np.int64:
    """The place of some bytes whose hash is ``value``, or the free one where they belong."""
    place = np.int64(value) & places.size - 1
    while places[place]:
        if (places[place] ^ value) & ~_NUMBER == 0:
            entry = entry_at(places, place)
            if entries[entry, 1] == size and _is_same(utf8, start, held, entries[entry, 0], size):
                return place
        place = (place + 1) & places.size - 1
    return place


@inlined
def entry_at(places: Uint64, place: np.int64) -> np.int64:
    """The number of the entry that is there."""
    return np.int64(places[place] & _NUMBER) - 1


@inlined
def put(places: Uint64, place: np.int64, value: np.uint64, entry: int) -> None:
    """Puts an entry where its bytes belong."""
    places[place] = (value & ~_NUMBER) | np.uint64(entry + 1)


@inlined
def _is_same(utf8: Bytes, start: int, other: Bytes, other_start: int, size: int) -> bool:
    for i in range(size):  # noqa: SIM110 - numba has no generators here
        if utf8[start + i] != other[other_start + i]:
            return False
    return True
