"""The order in which rows are met: a permutation an epoch, computed and never stored.

A Feistel network over the smallest even number of bits that holds the rows, walked until it falls inside them (Black and Rogaway 2002, "Ciphers
with arbitrary finite domains"), keyed by seed and epoch. Any place is found in constant time and memory, and so is the way back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ORDER_VERSION: Final = 1
_NUM_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Endless order over ``num_rows`` rows: epoch after epoch, each a permutation of all rows."""

    num_rows: int
    seed: int

    def rows(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row at each position; position p lies in epoch p // num_rows."""
        rows = np.empty_like(positions)
        epochs = positions // self.num_rows
        for epoch in np.unique(epochs).tolist():
            chosen = epochs == epoch
            rows[chosen] = permuted(positions[chosen] - epoch * self.num_rows, self.num_rows, self.seed, epoch)
        return rows

    def positions(self, rows: NDArray[np.int64], epoch: int) -> NDArray[np.int64]:
        """Where each row stands in an epoch, counted from the beginning of the first."""
        return unpermuted(rows, self.num_rows, self.seed, epoch) + epoch * self.num_rows


def permuted(indices: NDArray[np.int64], size: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """A bijection of 0..size-1, at the indices given."""
    keys, half_bits = _round_keys(seed, epoch), _half_bits(size)
    return _walked(indices, size, lambda values: _forward(values, half_bits, keys))


def unpermuted(indices: NDArray[np.int64], size: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The inverse of ``permuted``."""
    keys, half_bits = _round_keys(seed, epoch), _half_bits(size)
    return _walked(indices, size, lambda values: _backward(values, half_bits, keys))


def _walked(indices: NDArray[np.int64], size: int, step: Callable[[NDArray[np.uint64]], NDArray[np.uint64]]) -> NDArray[np.int64]:
    # The domain is less than 4 x size, so a walk takes fewer than 4 steps on average.
    values = step(indices.astype(np.uint64))
    while (outside := values >= np.uint64(size)).any():
        values[outside] = step(values[outside])
    return values.astype(np.int64)


def _forward(values: NDArray[np.uint64], half_bits: int, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    shift, mask = np.uint64(half_bits), np.uint64((1 << half_bits) - 1)
    left, right = values >> shift, values & mask
    for key in keys:
        left, right = right, left ^ (_mixed(right ^ key) & mask)
    return (left << shift) | right


def _backward(values: NDArray[np.uint64], half_bits: int, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    shift, mask = np.uint64(half_bits), np.uint64((1 << half_bits) - 1)
    left, right = values >> shift, values & mask
    for key in keys[::-1]:
        left, right = right ^ (_mixed(left ^ key) & mask), left
    return (left << shift) | right


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    # The finaliser of splitmix64 (Steele, Lea and Flood 2014); multiplication wraps at 64 bits.
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _round_keys(seed: int, epoch: int) -> NDArray[np.uint64]:
    text = f"order:{ORDER_VERSION}:{seed}:{epoch}"
    return np.frombuffer(hashlib.blake2b(text.encode(), digest_size=8 * _NUM_ROUNDS).digest(), dtype="<u8").astype(np.uint64)


def _half_bits(size: int) -> int:
    return max(1, ((size - 1).bit_length() + 1) // 2)
