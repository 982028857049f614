"""Texts to token ids straight on Arrow's buffers: the ids that the library ``tokenizers`` gives, several times as fast.

Three passes: the texts are cut into pre-tokens, each gets its number, and the ids of those numbers are written out. A pre-token is merged when it is
first met. What is remembered is bounded: once it is much, it is forgotten behind the batch.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from pipelines.shards.merging import merge, pair_table
from pipelines.shards.pretokens import cut, kinds_of
from pipelines.text.compile import kernel
from pipelines.text.interned import Interned, longer
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.shards.merging import Int32, Pair
    from pipelines.shards.pretokens import Bytes, Int64

_NUM_PRETOKENS: Final = 1 << 18  # with 10 bytes and 4 ids each about 16 MB
_NUM_BYTES: Final = 1 << 23


class Encoder:
    """A byte-level BPE with the pre-tokens that it met. Not for two threads at once."""

    def __init__(
        self,
        byte_ids: Int32,
        merges: Mapping[Pair, tuple[int, int]],
        end_of_text: int,
        ranges: tuple[tuple[int, int], ...],
        num_pretokens: int = _NUM_PRETOKENS,
    ) -> None:
        """Nothing is remembered yet.

        Args:
            byte_ids: the ids of the 256 bytes.
            merges: the rank of each pair of ids, and the id that it becomes.
            end_of_text: the id that ends each text.
            ranges: the kinds of characters, see ``pretokens.character_ranges``.
            num_pretokens: when so many are remembered, all are forgotten.
        """
        self._byte_ids, self._pairs, self._end_of_text = byte_ids, pair_table(merges), end_of_text
        self._kinds = kinds_of(ranges)
        self._num_pretokens = num_pretokens
        self._forget()

    def encode(self, texts: pa.Array) -> pa.ListArray:
        """Token ids of each text, the end of text last: list<int32>."""
        offsets, utf8 = utf8_buffers(texts)
        places, firsts = cut(offsets, utf8, self._kinds)
        numbers = self._met.numbers_of(utf8, places[:-1], places[1:])
        self._merge_new()
        ends = np.empty(len(offsets), np.int32)
        ids = np.empty(_num_ids(numbers, self._held_firsts) + len(texts), np.int32)
        _write(numbers, firsts, self._held_ids, self._held_firsts, self._end_of_text, ids, ends)
        if self._met.count >= self._num_pretokens or self._met.starts[self._met.count] >= _NUM_BYTES:
            self._forget()
        values = pa.Array.from_buffers(pa.int32(), len(ids), [None, pa.py_buffer(ids)])  # pa.array would import pandas, a second for every worker
        return pa.Array.from_buffers(pa.list_(pa.int32()), len(texts), [None, pa.py_buffer(ends)], children=[values])

    def _forget(self) -> None:
        self._met, self._num_merged = Interned(), 0
        self._held_ids, self._held_firsts = np.empty(0, np.int32), np.zeros(1, np.int64)

    def _merge_new(self) -> None:
        """Gives every number its ids: those of pre-token i are ``held_ids[held_firsts[i] : held_firsts[i + 1]]``."""
        starts, count, done = self._met.starts, self._met.count, self._num_merged
        used = int(self._held_firsts[done])
        self._held_ids = longer(self._held_ids, used + int(starts[count] - starts[done]))  # no byte becomes two tokens
        self._held_firsts = longer(self._held_firsts, count + 1)
        _merge_each(self._met.utf8, starts, done, count, self._byte_ids, self._pairs, self._held_ids, self._held_firsts)
        self._num_merged = count


@kernel
def _merge_each(utf8: Bytes, starts: Int64, done: int, count: int, byte_ids: Int32, pairs: Int64, held_ids: Int32, held_firsts: Int64) -> None:
    links, heap = np.empty((3, 1), np.int32), np.empty(2, np.int64)
    for i in range(done, count):
        size = starts[i + 1] - starts[i]
        if size > links.shape[1]:
            links, heap = np.empty((3, 2 * size), np.int32), np.empty(4 * size, np.int64)
        held_firsts[i + 1] = merge(utf8, starts[i], starts[i + 1], byte_ids, pairs, links, heap, held_ids, held_firsts[i])


@kernel
def _num_ids(numbers: Int32, held_firsts: Int64) -> int:
    count = 0
    for number in numbers:
        count += held_firsts[number + 1] - held_firsts[number]
    return count


@kernel
def _write(numbers: Int32, firsts: Int64, held_ids: Int32, held_firsts: Int64, end_of_text: int, ids: Int32, ends: Int32) -> None:
    """Fills ``ids``, and where those of each text begin."""
    count = 0
    for text in range(firsts.size - 1):
        ends[text] = count
        for i in range(firsts[text], firsts[text + 1]):
            for held in range(held_firsts[numbers[i]], held_firsts[numbers[i] + 1]):
                ids[count] = held_ids[held]
                count += 1
        ids[count] = end_of_text
        count += 1
    ends[firsts.size - 1] = count
