"""Running sums over the words of texts without writing a word down: all that is needed to know which texts can meet an index.

Nearly every text meets nothing. So the words of `pipelines.text.words` are hashed as they go by, into the sums of `pipelines.contamination.matching`,
and only a text with an n-gram whose hash the index holds is cut into words and compared.
"""

# Kernels get arrays, not objects, and UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR0917, PLR2004

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.contamination.matching import MULTIPLIER
from pipelines.text.characters import character
from pipelines.text.compile import inlined, kernel
from pipelines.text.hashing import FNV_BASIS, FNV_PRIME, mixed
from pipelines.text.words import ALONE, DOT_ABOVE, DOTTED_I, KEPT, MARK, SEPARATOR, contamination_tables, settled_buffers

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Bytes = npt.NDArray[np.uint8]
    Uint32 = npt.NDArray[np.uint32]
    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]


def running_sums(texts: pa.Array) -> tuple[Int64, Uint64]:
    """Borders of N texts in their contamination words, int64[N + 1], and ``prefix_hashes`` of these, uint64[words + 1]."""
    offsets, data = settled_buffers(texts)
    kinds, lower = contamination_tables()
    most = int(offsets[-1] - offsets[0]) // 2 + len(texts) + 1  # a word takes two bytes with what parts it from the next
    first, sums = np.empty(len(texts) + 1, np.int64), np.empty(most + 1, np.uint64)
    num_words = _sum_up(data, offsets, kinds, lower, first, sums)
    return first, sums[: num_words + 1]


@inlined
def _folded(h: np.uint64, byte: np.int64) -> np.uint64:
    """One byte more of FNV-1a."""
    return (h ^ np.uint64(byte)) * FNV_PRIME


@inlined
def _folded_point(h: np.uint64, point: np.int64) -> np.uint64:
    """The UTF-8 bytes of one code point more."""
    if point < 0x80:
        return _folded(h, point)
    if point < 0x800:
        return _folded(_folded(h, 0xC0 | point >> 6), 0x80 | point & 0x3F)
    if point < 0x10000:
        return _folded(_folded(_folded(h, 0xE0 | point >> 12), 0x80 | point >> 6 & 0x3F), 0x80 | point & 0x3F)
    h = _folded(_folded(h, 0xF0 | point >> 18), 0x80 | point >> 12 & 0x3F)
    return _folded(_folded(h, 0x80 | point >> 6 & 0x3F), 0x80 | point & 0x3F)


@kernel
def _sum_up(data: Bytes, offsets: Int64, kinds: Bytes, lower: Uint32, first: Int64, sums: Uint64) -> int:  # noqa: C901 - one pass, one state machine
    """Fills ``first`` and ``sums``; returns the number of words."""
    count = 0
    total = np.uint64(0)
    sums[0] = total
    for text in range(offsets.size - 1):
        first[text] = count
        place, end = offsets[text], offsets[text + 1]
        h, in_word, after_alone = FNV_BASIS, False, False
        while place <= end:
            point, width = np.int64(0x20), 1  # behind a text stands a blank, which ends its last word
            if place < end:
                point = np.int64(data[np.uint64(place)])
                while point < 0x80 and kinds[np.uint64(point)] == KEPT and not after_alone:  # what most bytes are
                    h = _folded(h, np.int64(lower[np.uint64(point)]))
                    in_word = True
                    place += 1
                    point = np.int64(data[np.uint64(place)]) if place < end else np.int64(0x20)
                if point >= 0x80:
                    found, width = character(data, place, end)
                    point = np.int64(found)
            kind, low = kinds[np.uint64(point)], np.int64(lower[np.uint64(point)])
            place += width
            for part in range(2 if point == DOTTED_I else 1):
                if part:
                    kind, low = kinds[DOT_ABOVE], np.int64(DOT_ABOVE)
                is_kept, is_mark, is_alone = kind & KEPT != 0, kind & MARK != 0, kind & ALONE != 0
                if in_word and (kind == SEPARATOR or (is_kept and not is_mark and (is_alone or after_alone))):
                    total = total * MULTIPLIER + mixed(h)
                    count += 1
                    sums[count] = total
                    h, in_word, after_alone = FNV_BASIS, False, False
                if is_kept:
                    h = _folded_point(h, low)
                    in_word = True
                    if not is_mark:
                        after_alone = is_alone
    first[offsets.size - 1] = count
    return count
