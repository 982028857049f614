"""Parts met with a word changed, left out or added: seeds that cannot be missed, and the words around them aligned.

The unit is the n-gram by which a part is looked for, 13 words or the whole of a shorter part. Of such a window with one word changed or left out, the
words on one of its two sides are all there, and (n - 1) / 2 of them stand together; with a word added it is one more. So every run of six words would
do as a seed for windows of 13, and every second one does too (`seed_step`): six words on either side of the fault begin seven places apart, and
where one side is longer it has two runs. A whole part of 8 to 12 words has two seeds, its halves.

From a seed the words go on alike in both directions as far as they do; behind the word at which they part, the three ways to go on are tried, and the
one that leads furthest is taken if some window of the part holds both sides of the fault and no second one. So the run grows for as long as no two
faults share a window. A run of n words without a fault is the exact tier's: beyond it words count only where a seed could have found them.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.contamination.grams import Grams, Places
from pipelines.contamination.indexing import PartWords, every_gram, rationed
from pipelines.contamination.matching import BORDER, Held, agree, agreed_after, agreed_before, bucket_of, gram, part_at, shift_for
from pipelines.text.compile import inlined, kernel

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    import numpy.typing as npt

    Uint32 = npt.NDArray[np.uint32]
    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]
    Whole = int | np.int64

_FEWEST_WORDS: Final = 4  # of a window that is looked for with a fault: with fewer, nothing would be left to find it by
_SEEN: Final = 1 << 10  # diagonals of a text that are remembered
_SPREAD: Final = 0x9E3779B1
_HAN: Final = re.compile("[\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")


@dataclass(frozen=True, slots=True, kw_only=True)
class InexactRule:
    """What counts as a part that is met with faults."""

    max_parts_per_seed: int = 64  # a run of words that more parts share finds none of them
    min_distinct_words: int = 7  # that agree, each counted once, a single letter or digit as half a word: `true, false, true` says too little

    def says_enough(self, agreed: AbstractSet[bytes]) -> bool:
        """Whether the distinct words on which a text and a part agree are enough for a claim.

        A Han character is a word; a letter of another script that is written without spaces is less than one, as are the terms of a formula.

        >>> InexactRule().says_enough({b"a", b"b", b"0", b"1", b"2", b"3", b"true", b"false"})
        False
        """
        halves = sum(1 for word in agreed if len(text := unicodedata.normalize("NFC", word.decode())) == 1 and not _HAN.match(text))
        return len(agreed) - halves / 2 >= self.min_distinct_words


def seed_words(window: int) -> int:
    """Words of a seed of so long a window of a longer part."""
    return max((window - 1) // 2, 1)


def seed_step(window: int) -> int:
    """2 if every second seed of a part is enough to find each of its windows with one fault, else 1."""
    length = seed_words(window)
    for fault in range(window):
        starts = [start for start in range(window - length + 1) if start + length <= fault or start > fault]
        if len({start % 2 for start in starts}) < 2:  # noqa: PLR2004 - even and odd: nobody knows where in the part the window begins
            return 1
    return 2


def seeds_of(words: PartWords, windows: Int64, powers: Uint64, longest: int, rule: InexactRule) -> Grams:
    """The seeds of parts whose windows have so many words, 0 where a part is not looked for with faults; ``longest`` is the words of a full one."""
    windows = np.where(windows >= _FEWEST_WORDS, windows, 0)
    length = seed_words(longest)
    of_long = every_gram(words, np.where((windows > 0) & (words.num_words >= longest), length, 0), seed_step(longest), reach=longest)
    whole = np.flatnonzero((windows > 0) & (words.num_words < longest))
    half = words.num_words[whole] // 2
    places = np.concatenate([of_long.places, words.first[whole], words.first[whole] + half]).astype(np.uint32)
    lengths = np.concatenate([of_long.lengths, half, words.num_words[whole] - half]).astype(np.uint16)
    order = np.argsort(places, kind="stable") if len(whole) else slice(None)
    given, _, _ = rationed(Places(places=places[order], lengths=lengths[order]), words, powers, rule.max_parts_per_seed)
    return Grams.of(words.sums, powers, given, given.where(slice(0)))


def near_runs(words: Int64, first: Int64, sums: Uint64, powers: Uint64, length: int, seeds: Grams, held: Held, window: int) -> Int64:
    """Runs of a text that are runs of a part but for some words: int64[R, 7], in the columns of ``claims``. Some come more than once.

    Args:
        words: words of the texts at which a seed may begin, ascending.
        first: borders of the texts in their words.
        sums: running sums over the texts.
        powers: of the multiplier.
        length: words of a seed.
        seeds: of the parts.
        held: the parts.
        window: words in which one may differ; of a part that has fewer, all of them.
    """
    room = 256
    while True:
        runs = np.empty((room, 7), np.int64)
        count = _align(
            words, first, sums, powers, length, seeds.borders, seeds.places, held.numbers, held.first,
            window, seed_words(window), shift_for(seeds.borders), runs,
        )  # fmt: skip
        if count <= room:
            return runs[:count]
        room = count


def word_distance(given: Int64, other: Int64, most: int) -> int:
    """Words to change, leave out or add between two runs of words given as numbers (Levenshtein 1966), or ``most`` + 1 if that is not enough."""
    return int(_distance(given, other, most, np.empty((2, 2 * most + 3), np.int64)))


@kernel
def _distance(given: Int64, other: Int64, most: int, rows: Int64) -> int:
    """Of the table of distances only the diagonals up to ``most`` away are made: column d of a row is place i + d - most - 1 of the other."""
    far = most + 1
    if abs(given.size - other.size) > most:
        return far
    rows[:] = far
    for d in range(most + 1, 2 * most + 2):
        rows[0, d] = min(d - most - 1, far)
    for i in range(1, given.size + 1):
        now, before = i & 1, (i & 1) ^ 1
        rows[now, 0] = rows[now, 2 * most + 2] = far
        for d in range(1, 2 * most + 2):
            j = i + d - most - 1
            best = far
            if j == 0:
                best = min(i, far)
            elif 0 < j <= other.size:
                best = min(rows[before, d] + np.int64(given[i - 1] != other[j - 1]), rows[before, d + 1] + 1, rows[now, d - 1] + 1, far)
            rows[now, d] = best
    return int(rows[given.size & 1, other.size - given.size + most + 1])


@inlined
def _part_words(numbers: Uint32, start: Whole, end: Whole, most: Whole) -> Whole:
    """Words of the part that holds a run, counted up to ``most`` on either side of it."""
    before = after = 0
    while before < most and start - before > 0 and numbers[start - before - 1] != BORDER:
        before += 1
    while after < most and numbers[end + after] != BORDER:
        after += 1
    return before + (end - start) + after


@inlined
def _onward(
    sums: Uint64, word: Whole, limit: Whole, numbers: Uint32, place: Whole, agreed: Whole, window: Whole, beyond: Whole
) -> tuple[Whole, Whole, Whole]:
    """Words of the text, words of the part and words that agree behind the fault that goes on furthest to the right; no words if none may."""
    best_text: Whole = 0
    best_part: Whole = 0
    best_agreed: Whole = 0
    for way in range(3):  # a word changed, left out, added
        in_text, in_part = np.int64(way != 1), np.int64(way != 2)  # noqa: PLR2004 - the third way
        if (in_text and word >= limit) or (in_part and numbers[place] == BORDER):
            continue
        more = agreed_after(sums, word + in_text, limit, numbers, place + in_part)
        fits = more >= beyond if agreed >= window else agreed + in_part + more >= window
        if more and fits and in_part + more > best_part:
            best_text, best_part, best_agreed = in_text + more, in_part + more, more
    return best_text, best_part, best_agreed


@inlined
def _backward(
    sums: Uint64, word: Whole, limit: Whole, numbers: Uint32, place: Whole, agreed: Whole, window: Whole, beyond: Whole
) -> tuple[Whole, Whole, Whole]:
    """As ``_onward``, to the left of a word and of a place."""
    best_text: Whole = 0
    best_part: Whole = 0
    best_agreed: Whole = 0
    for way in range(3):
        in_text, in_part = np.int64(way != 1), np.int64(way != 2)  # noqa: PLR2004 - the third way
        if (in_text and word <= limit) or (in_part and numbers[place - 1] == BORDER):
            continue
        more = agreed_before(sums, word - in_text, limit, numbers, place - in_part)
        fits = more >= beyond if agreed >= window else agreed + in_part + more >= window
        if more and fits and in_part + more > best_part:
            best_text, best_part, best_agreed = in_text + more, in_part + more, more
    return best_text, best_part, best_agreed


@kernel
def _align(  # noqa: C901, PLR0912 - a seed, then both sides of it
    words: Int64, first: Int64, sums: Uint64, powers: Uint64, length: int, borders: Uint32, places: Uint32, numbers: Uint32,
    part_first: Int64, longest: int, beyond: int, shift: int, runs: Int64,
) -> int:  # fmt: skip
    """Fills ``runs`` as far as it goes; returns how many there are.

    Before the first of ``numbers`` stands, as index -1, the last of them, a border like all that part the parts.
    """
    seen = np.full((3, _SEEN), -1, np.int64)  # of diagonals: the text, the diagonal itself, the word up to which it was looked at
    count = text = 0
    for i in range(words.size):
        word = words[i]
        while first[text + 1] <= word:
            text += 1
        begin, limit = first[text], first[text + 1]
        bucket = bucket_of(gram(sums, powers, word, length), shift)
        for at in range(np.int64(borders[bucket]), np.int64(borders[bucket + 1])):
            place = np.int64(places[at])
            diagonal = place - (word - begin)
            slot = (diagonal * _SPREAD >> 16) & (_SEEN - 1)
            if seen[0, slot] == text and seen[1, slot] == diagonal and seen[2, slot] > word:
                continue
            if not agree(sums, word, numbers, place, length):
                continue
            right = length + agreed_after(sums, word + length, limit, numbers, place + length)
            left = agreed_before(sums, word, begin, numbers, place)
            seen[0, slot], seen[1, slot], seen[2, slot] = text, diagonal, word + right
            start, end, part_start, part_end = word - left, word + right, place - left, place + right
            agreed = end - start
            window = min(_part_words(numbers, part_start, part_end, longest), longest)
            if agreed >= window:
                continue
            faults = 0
            here = agreed
            while True:
                in_text, in_part, more = _onward(sums, end, limit, numbers, part_end, here, window, beyond)
                if more == 0:
                    break
                end, part_end, here = end + in_text, part_end + in_part, more
                faults += 1
            here = agreed
            while True:
                in_text, in_part, more = _backward(sums, start, begin, numbers, part_start, here, window, beyond)
                if more == 0:
                    break
                start, part_start, here = start - in_text, part_start - in_part, more
                faults += 1
            if faults == 0:
                if agreed < window - 1:
                    continue
                faults = 1  # the first or the last word of a window
            if count < runs.shape[0]:
                part = part_at(part_first, part_start)
                base = part_first[part]
                runs[count, 0], runs[count, 1], runs[count, 6] = text, part, faults
                runs[count, 2], runs[count, 3] = start - begin, end - begin
                runs[count, 4], runs[count, 5] = part_start - base, part_end - base
            count += 1
    return count
