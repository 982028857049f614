"""Byte strings that get a number when first met: an open-addressing table in which no two strings ever share one.

Strings come as spans of one buffer and never become Python objects. A string of at most eight bytes is its own hash (a bijection of it), a longer one
is compared byte by byte with what its hash finds.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from pipelines.text.compile import inlined, kernel
from pipelines.text.hashing import mixed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Int32 = npt.NDArray[np.int32]
    Int64 = npt.NDArray[np.int64]
    Uint64 = npt.NDArray[np.uint64]

T = TypeVar("T", bound=np.generic)

_FIRST_SLOTS: Final = 1 << 12
_WORD: Final = 8  # bytes that are read at once
_LOW: Final = np.uint64(0xFFFFFFFF)


class Interned:
    """Strings with their numbers, from 0 in the order in which they were met.

    Attributes:
        utf8: the strings, end to end.
        starts: int64[capacity + 1]; string i is ``utf8[starts[i] : starts[i + 1]]``, for i below ``count``.
        slots: uint64[2 * S], S a power of two and at least twice ``count``: a string's hash, and beside it its length and its number plus 1.
    """

    __slots__ = ("count", "slots", "starts", "utf8")

    def __init__(self, strings: Iterable[str] = ()) -> None:
        """Holds the strings given, the first of them as number 0."""
        self.count = 0
        self.utf8 = np.empty(_FIRST_SLOTS, np.uint8)
        self.starts = np.zeros(_FIRST_SLOTS // 2 + 1, np.int64)
        self.slots = np.zeros(2 * _FIRST_SLOTS, np.uint64)
        self.numbers_of(*spans_of(strings))

    def numbers_of(self, data: Bytes, starts: Int64, ends: Int64) -> Int32:
        """The number of each ``data[start:end]``: int32[n]. What was not met before is added.

        >>> table = Interned(["a", "b"])
        >>> table.numbers_of(*spans_of(["b", "c", "a", "c"])).tolist(), table.string(2)
        ([1, 2, 0, 2], 'c')
        """
        data = data.view()
        data.flags.writeable = False  # whoever made it: kernels are compiled once for each kind of array that they get
        hashes, numbers = np.empty(len(starts), np.uint64), np.empty(len(starts), np.int32)
        _hash(data, starts, ends, hashes)
        _find(data, starts, ends, hashes, numbers, self.utf8, self.starts, self.slots)
        done = 0
        while True:
            done, self.count = _add(data, starts, ends, hashes, numbers, done, self.utf8, self.starts, self.slots, self.count)
            if done == len(starts):
                return numbers
            self._grow(int(ends[done] - starts[done]))

    def string(self, number: int) -> str:
        """The string of a number."""
        return self.utf8[self.starts[number] : self.starts[number + 1]].tobytes().decode()

    def _grow(self, num_bytes: int) -> None:
        """Makes room for a string of that many bytes, and for as much again as there is."""
        needed = int(self.starts[self.count]) + num_bytes
        if needed > len(self.utf8):
            self.utf8 = longer(self.utf8, needed)
        if self.count + 1 == len(self.starts):
            self.starts = longer(self.starts, self.count + 2)
            slots = np.zeros(2 * len(self.slots), np.uint64)
            _place_again(self.slots, slots)
            self.slots = slots


def longer(array: npt.NDArray[T], size: int) -> npt.NDArray[T]:
    """The array itself if it has that many rows, else a copy of at least twice as many with its own at the head."""
    if size <= len(array):
        return array
    copy = np.empty((max(size, 2 * len(array)), *array.shape[1:]), array.dtype)
    copy[: len(array)] = array
    return copy


def spans_of(strings: Iterable[str]) -> tuple[Bytes, Int64, Int64]:
    """Strings in UTF-8, end to end, with where each starts and ends."""
    encoded = [string.encode() for string in strings]
    ends = np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), dtype=np.int64)
    return np.frombuffer(b"".join(encoded), np.uint8), ends - np.fromiter(map(len, encoded), np.int64, len(encoded)), ends


@inlined
def _eight(data: Bytes, place: int) -> np.uint64:
    """Eight bytes as a little-endian number: as written here one load."""
    at = np.uint64(place)
    low = np.uint64(data[at]) | np.uint64(data[at + np.uint64(1)]) << np.uint64(8)
    low |= np.uint64(data[at + np.uint64(2)]) << np.uint64(16) | np.uint64(data[at + np.uint64(3)]) << np.uint64(24)
    low |= np.uint64(data[at + np.uint64(4)]) << np.uint64(32) | np.uint64(data[at + np.uint64(5)]) << np.uint64(40)
    return low | np.uint64(data[at + np.uint64(6)]) << np.uint64(48) | np.uint64(data[at + np.uint64(7)]) << np.uint64(56)


@inlined
def hash_of(data: Bytes, start: int, end: int) -> np.uint64:
    """A 64-bit hash of ``data[start:end]``; of at most eight bytes it tells any two of one length apart."""
    length = end - start
    if length > _WORD:
        found = np.uint64(length) * np.uint64(0x9E3779B97F4A7C15)
        for place in range(start, end - _WORD, _WORD):
            found = (found ^ _eight(data, place)) * np.uint64(0xD6E8FEB86659FD93)
            found ^= found >> np.uint64(32)
        return mixed(found ^ _eight(data, end - _WORD))
    word = np.uint64(0)
    if start + _WORD <= data.size:
        word = _eight(data, start)
        if length < _WORD:
            word &= (np.uint64(1) << np.uint64(8 * length)) - np.uint64(1)
    else:
        for i in range(length):
            word |= np.uint64(data[start + i]) << np.uint64(8 * i)
    return mixed(word)


@inlined
def _slot_of(found: np.uint64, data: Bytes, start: int, end: int, utf8: Bytes, starts: Int64, slots: Uint64) -> np.uint64:
    """Where a string with that hash stands among the slots, or the free place where it belongs."""
    length = np.uint64(end - start)
    mask = np.uint64(slots.size // 2 - 1)
    slot = found & mask
    while True:
        entry = slots[np.uint64(2) * slot + np.uint64(1)]
        if entry == np.uint64(0):
            break
        if slots[np.uint64(2) * slot] == found and entry >> np.uint64(32) == length:
            if length <= np.uint64(_WORD):
                break
            base = starts[np.int64(entry & _LOW) - 1]
            if _are_equal(utf8, base, data, start, end - start):
                break
        slot = (slot + np.uint64(1)) & mask
    return slot


@inlined
def _are_equal(one: Bytes, at: int, other: Bytes, place: int, length: int) -> np.bool | bool:
    """Whether more than eight bytes are equal."""
    for i in range(0, length - _WORD, _WORD):
        if _eight(one, at + i) != _eight(other, place + i):
            return False
    same: np.bool = _eight(one, at + length - _WORD) == _eight(other, place + length - _WORD)
    return same


@inlined
def find(data: Bytes, start: int, end: int, utf8: Bytes, starts: Int64, slots: Uint64) -> np.int64:
    """The number of a string, -1 if it was never met."""
    slot = _slot_of(hash_of(data, start, end), data, start, end, utf8, starts, slots)
    return np.int64(slots[np.uint64(2) * slot + np.uint64(1)] & _LOW) - np.int64(1)


@kernel
def _hash(data: Bytes, span_starts: Int64, span_ends: Int64, hashes: Uint64) -> None:
    for i in range(hashes.size):
        hashes[i] = hash_of(data, span_starts[i], span_ends[i])


@kernel
def _find(data: Bytes, span_starts: Int64, span_ends: Int64, hashes: Uint64, numbers: Int32, utf8: Bytes, starts: Int64, slots: Uint64) -> None:
    """Numbers strings that were met. It writes to nothing that it reads, and so is fast: most strings were met."""
    for i in range(hashes.size):
        slot = _slot_of(hashes[i], data, span_starts[i], span_ends[i], utf8, starts, slots)
        numbers[i] = np.int64(slots[np.uint64(2) * slot + np.uint64(1)] & _LOW) - 1


@kernel
def _add(
    data: Bytes,
    span_starts: Int64,
    span_ends: Int64,
    hashes: Uint64,
    numbers: Int32,
    done: int,
    utf8: Bytes,
    starts: Int64,
    slots: Uint64,
    count: int,
) -> tuple[int, int]:
    """Numbers strings that have none, from ``done`` on. Returns the first for which there is no room, and the count of strings."""
    for i in range(done, hashes.size):
        if numbers[i] >= 0:
            continue
        start, end = span_starts[i], span_ends[i]
        slot = _slot_of(hashes[i], data, start, end, utf8, starts, slots)
        if slots[np.uint64(2) * slot + np.uint64(1)] == np.uint64(0):
            base = starts[count]
            if count + 1 == starts.size or base + (end - start) > utf8.size:
                return i, count
            utf8[base : base + end - start] = data[start:end]
            count += 1
            starts[count] = base + (end - start)
            slots[np.uint64(2) * slot] = hashes[i]
            slots[np.uint64(2) * slot + np.uint64(1)] = np.uint64(end - start) << np.uint64(32) | np.uint64(count)
        numbers[i] = np.int64(slots[np.uint64(2) * slot + np.uint64(1)] & _LOW) - 1
    return hashes.size, count


@kernel
def _place_again(old: Uint64, new: Uint64) -> None:
    """Moves entries to a table of more slots."""
    mask = np.uint64(new.size // 2 - 1)
    for i in range(old.size // 2):
        if old[2 * i + 1] != np.uint64(0):
            slot = old[2 * i] & mask
            while new[np.uint64(2) * slot + np.uint64(1)] != np.uint64(0):
                slot = (slot + np.uint64(1)) & mask
            new[np.uint64(2) * slot] = old[2 * i]
            new[np.uint64(2) * slot + np.uint64(1)] = old[2 * i + 1]
