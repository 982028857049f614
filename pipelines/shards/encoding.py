"""Texts to token ids straight on Arrow's buffers: the ids that the library ``tokenizers`` gives, several times as fast.

A pre-token that was met before is looked up; another is merged once. What is remembered is bounded: when the memory is full it begins anew.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from pipelines.shards.interning import entry_at, hashed, place_of, put
from pipelines.shards.merging import merge, pair_table
from pipelines.shards.pretokens import kinds_of, pretoken_end
from pipelines.text.compile import inlined, kernel
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.shards.interning import Bytes, Int32, Int64, Uint64
    from pipelines.shards.merging import Pair

_NUM_PRETOKENS: Final = 1 << 18  # remembered at most: with 16 bytes and 8 ids each, 24 MB
_NUM_BYTES: Final = 16
_NUM_IDS: Final = 8
_LONGEST: Final = 64  # bytes of a pre-token that is remembered; longer ones seldom come again


class Encoder:
    """A byte-level BPE with what it remembers. Not for two threads at once."""

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
            num_pretokens: how many are remembered, a power of two, 8 at least.
        """
        self._state: tuple[Any, ...] = (
            kinds_of(ranges), byte_ids, pair_table(merges), end_of_text,
            np.zeros(2 * num_pretokens, np.uint64), np.empty((num_pretokens, 4), np.int64),
            np.empty(_NUM_BYTES * num_pretokens, np.uint8), np.empty(_NUM_IDS * num_pretokens, np.int32), np.zeros(3, np.int64),
        )  # fmt: skip

    def encode(self, texts: pa.Array) -> pa.ListArray:
        """Token ids of each text, the end of text last: list<int32>."""
        offsets, utf8 = utf8_buffers(texts)
        ids = np.empty(offsets[-1] - offsets[0] + len(texts), np.int32)  # no byte becomes two tokens; what is not written takes no memory
        firsts = np.empty(len(texts) + 1, np.int32)
        given = (*self._state, ids, firsts)
        _encode(offsets, utf8, *given)
        return pa.ListArray.from_arrays(pa.array(firsts), pa.array(ids[: firsts[-1]]))


@kernel
def _encode(
    offsets: Int64, utf8: Bytes, kinds: Bytes, byte_ids: Int32, table: Int64, end_of_text: int,
    places: Uint64, entries: Int64, held: Bytes, held_ids: Int32, used: Int64, ids: Int32, firsts: Int32,
) -> None:  # fmt: skip
    """Fills ``ids`` and where those of each text begin. ``places`` to ``used`` are what is remembered, with how much of each is in use."""
    links, heap = np.empty((3, 1), np.int32), np.empty(2, np.int64)
    count = 0
    for text in range(offsets.size - 1):
        firsts[text] = count
        at, end = offsets[text], offsets[text + 1]
        while at < end:
            after = pretoken_end(utf8, at, end, kinds)
            size = after - at
            value = hashed(utf8, at, after)
            place = place_of(utf8, at, size, value, places, entries, held)
            if places[place]:
                entry = entry_at(places, place)
                first = entries[entry, 2]
                for i in range(entries[entry, 3]):
                    ids[count + i] = held_ids[first + i]
                count += entries[entry, 3]
            else:
                if size > links.shape[1]:
                    links, heap = np.empty((3, 2 * size), np.int32), np.empty(4 * size, np.int64)
                first = count
                count = merge(utf8, at, after, byte_ids, table, links, heap, ids, count)
                if size <= _LONGEST:
                    if used[0] == entries.shape[0] or used[1] + size > held.size or used[2] + count - first > held_ids.size:
                        places[:] = 0
                        used[:] = 0
                        place = place_of(utf8, at, size, value, places, entries, held)
                    _remember(utf8, at, size, value, place, ids, first, count, places, entries, held, held_ids, used)
            at = after
        ids[count] = end_of_text
        count += 1
    firsts[offsets.size - 1] = count


@inlined
def _remember(
    utf8: Bytes, start: int, size: int, value: np.uint64, place: np.int64, ids: Int32, first: int, last: int,
    places: Uint64, entries: Int64, held: Bytes, held_ids: Int32, used: Int64,
) -> None:  # fmt: skip
    entry, at, at_ids = used[0], used[1], used[2]
    for i in range(size):
        held[at + i] = utf8[start + i]
    for i in range(last - first):
        held_ids[at_ids + i] = ids[first + i]
    entries[entry, 0], entries[entry, 1], entries[entry, 2], entries[entry, 3] = at, size, at_ids, last - first
    put(places, place, value, entry)
    used[0], used[1], used[2] = entry + 1, at + size, at_ids + last - first
