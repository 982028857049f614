"""Repeated word n-grams of texts, as Gopher's repetition counts them: all n in one compiled pass over numbers of words.

An n-gram repeats only if the (n - 1)-grams at its head and at its tail do. So each n is looked for only where two neighbours of the n before it
repeated, and is named by the numbers of those two: nothing is hashed that could collide, and most texts are done after three n.
"""

# Kernels get arrays, not objects.

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.compile import kernel
from pipelines.text.hashing import mixed
from pipelines.text.word_facts import CHARACTERS

if TYPE_CHECKING:
    import numpy.typing as npt

    from pipelines.text.word_table import WordIds

    Int32 = npt.NDArray[np.int32]
    Int64 = npt.NDArray[np.int64]
    Uint64 = npt.NDArray[np.uint64]

TOP: Final = (2, 3, 4)
DUPLICATED: Final = (5, 6, 7, 8, 9, 10)
_LAST_TOP: Final = TOP[-1]
_FIRST: Final = TOP[0]
_LAST: Final = DUPLICATED[-1]


def repeated_ngram_characters(words: WordIds) -> Int64:
    """Characters of repeated n-grams of N texts, a column for each n of ``TOP`` and then of ``DUPLICATED``: int64[N, 9].

    For ``TOP``, those of all copies of the most frequent n-gram (of equally frequent ones the first), words joined by one blank. For ``DUPLICATED``,
    those of n-grams that occurred before, without blanks; a counted n-gram is skipped whole, so that no word counts twice.
    """
    found = np.zeros((len(words.first) - 1, len(TOP) + len(DUPLICATED)), np.int64)
    _count(words.ids, words.first, words.table.facts(), words.table.words.count, found)
    return found


@kernel
def _count(ids: Int32, first: Int64, facts: Int32, num_words: int, found: Int64) -> None:  # noqa: PLR0912, PLR0915, C901 - a text's levels in a row
    """Fills ``found``."""
    longest = np.int64(0)
    for text in range(len(found)):
        longest = max(longest, first[text + 1] - first[text])
    room = 16
    while room < longest + longest // 2:
        room *= 2
    keys, groups = np.empty(room, np.uint64), np.empty(room, np.int32)
    met_in, times = np.full(num_words, -1, np.int32), np.empty(num_words, np.int32)
    before = np.zeros(longest + 1, np.int64)  # characters before each word
    places, names = np.empty(longest, np.int32), np.empty(longest, np.int32)  # where n-grams are that may repeat, and their groups
    counts, firsts = np.empty(longest, np.int32), np.empty(longest, np.int32)  # of a group
    for text in range(len(found)):
        base, size = first[text], first[text + 1] - first[text]
        for i in range(size):
            word = ids[base + i]
            before[i + 1] = before[i] + facts[word, CHARACTERS]
            if met_in[word] == text:
                times[word] += 1
            else:
                met_in[word] = text
                times[word] = 1
        held = 0
        for i in range(size):
            if times[ids[base + i]] > 1:
                places[held], names[held] = i, ids[base + i]
                held += 1
        for n in range(_FIRST, _LAST + 1):
            table = 16
            while table < held + held // 2:
                table *= 2
            groups[:table] = -1
            mask = np.uint64(table - 1)
            num_groups = num_held = 0
            most, top = np.int64(1), np.int64(0)
            for k in range(held - 1):
                if places[k + 1] != places[k] + 1:
                    continue
                key = np.uint64(names[k]) << np.uint64(32) | np.uint64(names[k + 1])
                slot = mixed(key) & mask  # looked up here and not in a function: with arrays a call costs more than the look
                while groups[slot] >= 0 and keys[slot] != key:
                    slot = (slot + np.uint64(1)) & mask
                group = groups[slot]
                if group < 0:
                    group = np.int32(num_groups)
                    keys[slot], groups[slot] = key, group
                    counts[group], firsts[group] = 0, places[k]
                    num_groups += 1
                counts[group] += 1
                places[num_held], names[num_held] = places[k], group
                num_held += 1
            if n <= _LAST_TOP:
                for one in range(num_groups):
                    if counts[one] > most:
                        most, top = counts[one], firsts[one]
                if n <= size:
                    found[text, n - _FIRST] = most * (before[top + n] - before[top] + n - 1)
            else:
                after = 0
                for k in range(num_held):
                    if places[k] < after:
                        continue
                    if firsts[names[k]] < 0:
                        found[text, n - _FIRST] += before[places[k] + n] - before[places[k]]
                        after = places[k] + n
                    firsts[names[k]] = -1
            held = 0
            for k in range(num_held):
                if counts[names[k]] > 1:
                    places[held], names[held] = places[k], names[k]
                    held += 1
            if held == 0 and n >= _LAST_TOP:
                break
