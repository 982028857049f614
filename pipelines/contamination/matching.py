"""Compiled kernels of the n-gram index: rolling hashes (Karp and Rabin 1987) over hashes of words, and runs of words that texts and parts share.

With h the hash of a word and P the running sum P[i + 1] = P[i] M + h[i] mod 2^64, the n words from i on have the sum P[i + n] - P[i] M^n: one
multiplication for any n. The sum is mixed together with n, so that low bits are good and lengths do not meet.

A part's words are held as numbers of 32 bits, the low half of their hashes; a text's are taken from its running sum. Between parts stands
``BORDER``, which is no word's number, so that a run of agreeing words never leaves its part.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from pipelines.text.compile import inlined, kernel
from pipelines.text.hashing import mixed

if TYPE_CHECKING:
    import numpy.typing as npt

    Uint32 = npt.NDArray[np.uint32]
    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]
    Whole = int | np.int64

MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
BORDER: Final = np.uint32(0)
_SALT: Final = np.uint64(0xD6E8FEB86659FD93)
_LOW: Final = np.uint64(0xFFFFFFFF)
_FIRST_OPEN: Final = 64


def prefix_hashes(hashes: Uint64) -> Uint64:
    """P of the module's docstring: uint64[W + 1]."""
    prefixes = np.zeros(len(hashes) + 1, np.uint64)
    _fill_prefixes(hashes, prefixes)
    return prefixes


def powers_to(longest: int) -> Uint64:
    """Powers of the multiplier, up to the longest n-gram's."""
    powers = np.array([pow(int(MULTIPLIER), n, 1 << 64) for n in range(longest + 1)], np.uint64)
    powers.flags.writeable = False
    return powers


def numbers_of(hashes: Uint64) -> Uint32:
    """The number of each word by its hash, as ``number_at`` has it."""
    return np.maximum(hashes.astype(np.uint32), np.uint32(1))


@inlined
def gram(sums: Uint64, powers: Uint64, word: Whole, length: Whole) -> np.uint64:
    """Hash of an n-gram."""
    return mixed(sums[word + length] - sums[word] * powers[length] + np.uint64(length) * _SALT)


@inlined
def number_at(sums: Uint64, word: Whole) -> np.uint32:
    """Number of a word of a text; never that of a border."""
    return np.uint32(max(sums[word + 1] - sums[word] * MULTIPLIER & _LOW, np.uint64(1)))


def shift_for(borders: Uint32) -> int:
    """What leaves of a hash the number of its bucket."""
    return 64 - (len(borders) - 1).bit_length() + 1


@inlined
def bucket_of(value: np.uint64, shift: Whole) -> Whole:
    """The bucket of a hash; of one bucket no bit is asked."""
    return np.int64(value >> np.uint64(shift)) if shift < 64 else 0  # noqa: PLR2004 - a machine word


@inlined
def place_in(values: Uint64, value: np.uint64) -> Whole:
    """Place of the last of ascending values that is not above a value, or -1."""
    low, high = 0, values.size
    while low < high:
        middle = (low + high) >> 1
        if values[middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low - 1


@inlined
def part_at(part_first: Int64, place: Whole) -> Whole:
    """The part in which a place lies."""
    low, high = 0, part_first.size
    while low < high:
        middle = (low + high) >> 1
        if part_first[middle] <= place:
            low = middle + 1
        else:
            high = middle
    return low - 1


@inlined
def agree(sums: Uint64, word: Whole, numbers: Uint32, place: Whole, length: Whole) -> bool:
    """Whether the words of a text and of a part are the same."""
    for i in range(length):  # noqa: SIM110 - numba has no generators here
        if numbers[place + i] != number_at(sums, word + i):
            return False
    return True


@inlined
def agreed_after(sums: Uint64, word: Whole, end: Whole, numbers: Uint32, place: Whole) -> Whole:
    """How many words from here on are the same, within the text and within the part."""
    count = 0
    while word + count < end and numbers[place + count] == number_at(sums, word + count):
        count += 1
    return count


@inlined
def agreed_before(sums: Uint64, word: Whole, start: Whole, numbers: Uint32, place: Whole) -> Whole:
    """How many words before here are the same, within the text and within the part."""
    count = 0
    while word - count > start and numbers[place - count - 1] == number_at(sums, word - count - 1):
        count += 1
    return count


@kernel
def _fill_prefixes(hashes: Uint64, prefixes: Uint64) -> None:
    for i in range(hashes.size):
        prefixes[i + 1] = prefixes[i] * MULTIPLIER + hashes[i]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Held:
    """What is compared with texts: the parts.

    Attributes:
        numbers: words of the parts, with borders.
        first: place of each part's first word.
        lengths: words of each part's n-grams, 0 where it is not looked for.
        num_first: parts that are held with all their n-grams; of those behind them some n-grams are left out.
        shared: hashes of n-grams that are in too many parts, ascending.
    """

    numbers: Uint32
    first: Int64
    lengths: Int64
    num_first: int
    shared: Uint64


class Buckets(Protocol):
    """Places of n-grams by their hashes (`pipelines.contamination.grams`)."""

    @property
    def borders(self) -> Uint32:
        """Borders of the buckets."""
        ...

    @property
    def places(self) -> Uint32:
        """Places, by bucket."""
        ...


def exact_runs(words: Int64, first: Int64, sums: Uint64, powers: Uint64, length: int, grams: Buckets, held: Held, *, is_whole: bool) -> Int64:
    """Runs of n-grams of one length that are in a text and in a part: int64[R, 7], in the columns of ``claims``.

    N-grams that follow each other in the text and in the part are one run; where an n-gram stands in a part more than once, the place from which
    the run goes on longest counts, the first of equals. An n-gram that is ``shared`` begins no run, and belongs to one that reaches it.

    Args:
        words: words of the texts at which an n-gram may begin, ascending.
        first: borders of the texts in their words.
        sums: running sums over the texts.
        powers: of the multiplier.
        length: words of an n-gram.
        grams: n-grams of the parts.
        held: the parts.
        is_whole: whether all words at which an n-gram may begin are among ``words``; if not, or if not all n-grams of a part are held, a run is
            followed back to where it begins, and may be given more than once.
    """
    room = 256
    while True:
        runs = np.empty((room, 7), np.int64)
        count = _join_runs(
            words, first, sums, powers, length, grams.borders, grams.places, held.numbers, held.first, held.lengths, held.shared,
            held.num_first if is_whole else 0, shift_for(grams.borders), runs,
        )  # fmt: skip
        if count <= room:
            return runs[:count]
        room = count


@inlined
def _is_shared(shared: Uint64, value: np.uint64) -> bool:
    place = place_in(shared, value)
    return bool(place >= 0 and shared[place] == value)


@kernel
def _doubled(values: Int64) -> Int64:
    more = np.empty((3, 2 * values.shape[1]), np.int64)
    more[:, : values.shape[1]] = values
    return more


@kernel
def _join_runs(  # noqa: C901, PLR0912, PLR0915 - two lists in the order of places are merged at every word
    words: Int64, first: Int64, sums: Uint64, powers: Uint64, length: int, borders: Uint32, places: Uint32, numbers: Uint32,
    part_first: Int64, lengths: Int64, shared: Uint64, num_whole: int, shift: int, runs: Int64,
) -> int:  # fmt: skip
    """Fills ``runs`` as far as it goes; returns how many there are."""
    # Runs that the last word left open, by part: the place of their last n-gram, the part's first place and the border behind it.
    open_runs, goes_on = np.empty((3, _FIRST_OPEN), np.int64), np.empty((3, _FIRST_OPEN), np.int64)
    num_open, open_word, count, text = 0, -2, 0, 0
    for i in range(words.size):
        word = words[i]
        while first[text + 1] <= word:
            text += 1
            num_open = 0
        if word + length > first[text + 1]:
            num_open = 0
            continue
        if open_word != word - 1:
            num_open = 0
        open_word = word
        kept = 0
        for o in range(num_open):
            if numbers[open_runs[0, o] + length] == number_at(sums, word + length - 1):
                open_runs[:, kept] = open_runs[:, o]
                open_runs[0, kept] += 1
                kept += 1
        num_open = 0
        value = gram(sums, powers, word, length)
        bucket = bucket_of(value, shift)
        at, stop, older = np.int64(borders[bucket]), np.int64(borders[bucket + 1]), 0
        while at < stop or older < kept:
            if num_open == goes_on.shape[1]:
                goes_on = _doubled(goes_on)
            place = np.int64(places[at]) if at < stop else np.int64(1) << 62
            if older < kept and open_runs[1, older] <= place:  # of this part, or of one before it
                goes_on[:, num_open] = open_runs[:, older]
                while at < stop and np.int64(places[at]) < open_runs[2, older]:
                    at += 1
                num_open += 1
                older += 1
                continue
            at += 1
            if not agree(sums, word, numbers, place, length):
                continue
            part = part_at(part_first, place)
            if lengths[part] != length:
                continue
            border = part_first[part + 1] - 1
            most = length + agreed_after(sums, word + length, first[text + 1], numbers, place + length)
            if at < stop and np.int64(places[at]) < border:
                while at < stop and np.int64(places[at]) < border:
                    agreed = agreed_after(sums, word, first[text + 1], numbers, np.int64(places[at]))
                    if agreed > most:
                        place, most = np.int64(places[at]), agreed
                    at += 1
            before: Whole = 0
            if part >= num_whole:
                before = agreed_before(sums, word, first[text], numbers, place)
            elif shared.size:
                before = agreed_before(sums, word, first[text], numbers, place)
                for back in range(before):
                    if not _is_shared(shared, gram(sums, powers, word - back - 1, length)):
                        before = back
                        break
            goes_on[0, num_open], goes_on[1, num_open], goes_on[2, num_open] = place, part_first[part], border
            num_open += 1
            if count < runs.shape[0]:
                start, held = word - first[text], place - part_first[part]
                runs[count, 0], runs[count, 1], runs[count, 6] = text, part, 0
                runs[count, 2], runs[count, 3] = start - before, start + most
                runs[count, 4], runs[count, 5] = held - before, held + most
            count += 1
        open_runs, goes_on = goes_on, open_runs
    return count
