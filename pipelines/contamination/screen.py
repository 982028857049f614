"""Running sums over the words of texts without writing a word down: all that is needed to know which texts can meet an index.

Nearly every text meets nothing. So the words of `pipelines.text.words` are hashed as they go by, into the sums of `pipelines.contamination.matching`,
and only a text with an n-gram whose hash the index holds is cut into words and compared.
"""

# Kernels get arrays, not objects, and UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR0917, PLR2004

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from pipelines.contamination.matching import MULTIPLIER
from pipelines.text.characters import character
from pipelines.text.compile import inlined, kernel
from pipelines.text.hashing import FNV_BASIS, FNV_PRIME, mixed
from pipelines.text.markup import MOST_MARKS, hold, looked, opens
from pipelines.text.word_forms import ALONE, EXPANDS, KEPT, LOOKS, MARK, PARTS, SEPARATOR
from pipelines.text.words import contamination_buffers, contamination_tables, most_words

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.text.word_forms import Bytes, Tables
    from pipelines.text.words import NormalForm

Bool = npt.NDArray[np.bool_]
Uint64 = npt.NDArray[np.uint64]
Int64 = npt.NDArray[np.int64]
Sums = tuple[Int64, Uint64]  # borders of N texts in their words, int64[N + 1], and ``prefix_hashes`` of these, uint64[words + 1]

_BLANK: Final = 0x20


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BothSums:
    """Both readings of N texts.

    Attributes:
        joined, parted: sums of each.
        is_other: bool[parted words], those of white-space tokens that have other words when they are joined.
        differs: bool[N], texts that have such tokens.
    """

    joined: Sums
    parted: Sums
    is_other: Bool
    differs: Bool


def both_sums(texts: pa.Array, normal_form: NormalForm = "assay") -> BothSums:
    """Sums over the words of texts in both readings, in one pass that costs little more than one of them would."""
    offsets, data = contamination_buffers(texts, normal_form)
    most = most_words(int(offsets[-1] - offsets[0]), len(texts))
    first, sums = np.empty((2, len(texts) + 1), np.int64), np.empty((2, most + 1), np.uint64)
    is_other, differs = np.empty(most, np.bool_), np.zeros(len(texts), np.bool_)
    num_words, num_parted = _sum_up(data, offsets, contamination_tables(normal_form), first[0], sums[0], first[1], sums[1], is_other, differs)
    parted = first[1], sums[1, : num_parted + 1]
    return BothSums(joined=(first[0], sums[0, : num_words + 1]), parted=parted, is_other=is_other[:num_parted], differs=differs)


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
def _sum_up(  # noqa: PLR0912, C901, PLR0915 - one pass, one state machine
    data: Bytes, offsets: Int64, tables: Tables,
    first: Int64, sums: Uint64, parted_first: Int64, parted_sums: Uint64, is_other: Bool, differs: Bool,
) -> tuple[int, int]:  # fmt: skip
    """Fills the arrays of both readings; returns the words of each.

    The words of a token are the same in both until a character parts one of them; from there on two hashes go side by side.
    """
    kinds, lower, classes = tables.kinds, tables.lower, tables.classes
    marks, num_marks = np.empty(MOST_MARKS, np.int64), 0  # over the last letter, not hashed yet
    count = num_parted = 0
    total = parted_total = np.uint64(0)
    sums[0] = parted_sums[0] = total
    for text in range(offsets.size - 1):
        first[text], parted_first[text] = count, num_parted
        place, end = offsets[text], offsets[text + 1]
        h = g = FNV_BASIS  # of the word, and of the part of it
        in_word = in_part = after_alone = after_kept = token_differs = False
        token = num_parted
        while place <= end:
            point, width = np.int64(_BLANK), 1  # behind a text stands a blank, which ends its last word
            if place < end:
                point = np.int64(data[np.uint64(place)])
                if in_word == in_part and not after_alone and num_marks == 0:
                    while point < 0x80 and kinds[np.uint64(point)] == KEPT:  # what most bytes are
                        low = np.int64(lower[np.uint64(point)])
                        h, g = _folded(h, low), _folded(g, low)
                        in_word = in_part = after_kept = True
                        place += 1
                        point = np.int64(data[np.uint64(place)]) if place < end else np.int64(_BLANK)
                if point >= 0x80:
                    found, width = character(data, place, end)
                    point = np.int64(found)
            if num_marks == 0 and kinds[np.uint64(point)] == SEPARATOR:
                if in_word:
                    value = mixed(h)
                    total = total * MULTIPLIER + value
                    count += 1
                    sums[count] = total
                    if in_part:
                        parted_total = parted_total * MULTIPLIER + (mixed(g) if token_differs else value)
                        is_other[num_parted] = False
                        num_parted += 1
                        parted_sums[num_parted] = parted_total
                if token_differs:
                    is_other[token:num_parted] = True
                    differs[text], token_differs = True, False
                h = g = FNV_BASIS
                in_word = in_part = after_alone = after_kept = False
                token = num_parted
                place += width
                continue
            if kinds[np.uint64(point)] & LOOKS and opens(data, place + width, end, point):
                point, width = looked(data, place, end, point, width, after_kept, tables)
            kind, low, num_codes, at = kinds[np.uint64(point)], np.int64(lower[np.uint64(point)]), np.int64(1), np.int64(0)
            if low & EXPANDS:
                num_codes, at = low & 7, (low ^ EXPANDS) >> 3
            after_kept = kind & KEPT != 0
            place += width
            for part in range(num_codes):
                if num_codes > 1:
                    low = np.int64(tables.codes[at + part])
                    kind = kinds[low]
                is_kept, is_mark, is_alone = kind & KEPT != 0, kind & MARK != 0, kind & ALONE != 0
                parts = kind & PARTS != 0
                ends_word = kind == SEPARATOR or (is_kept and not is_mark and (is_alone or after_alone))
                if num_marks and (ends_word or parts or (is_kept and classes[low] == 0) or num_marks == MOST_MARKS):
                    for i in range(num_marks):
                        h, g = _folded_point(h, marks[i]), _folded_point(g, marks[i])
                    num_marks = 0
                if in_part and (ends_word or parts):
                    parted_total = parted_total * MULTIPLIER + mixed(g)
                    is_other[num_parted] = False
                    num_parted += 1
                    parted_sums[num_parted] = parted_total
                    g, in_part = FNV_BASIS, False
                if in_word and ends_word:
                    total = total * MULTIPLIER + mixed(h)
                    count += 1
                    sums[count] = total
                    h, in_word, after_alone = FNV_BASIS, False, False
                if is_kept:
                    token_differs |= in_word != in_part
                    in_word = in_part = True
                    if classes[low]:
                        num_marks = hold(marks, num_marks, low, classes)
                    else:
                        h, g = _folded_point(h, low), _folded_point(g, low)
                    if not is_mark:
                        after_alone = is_alone
                elif kind == SEPARATOR:
                    if token_differs:
                        is_other[token:num_parted] = True
                        differs[text], token_differs = True, False
                    token = num_parted
    first[offsets.size - 1], parted_first[offsets.size - 1] = count, num_parted
    return count, num_parted
