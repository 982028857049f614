"""Compiled kernels of the n-gram index: rolling hashes (Karp and Rabin 1987) over hashes of words, look-up, and runs of n-grams.

With h the hash of a word and P the running sum P[i + 1] = P[i] M + h[i] mod 2^64, the n words from i on have the sum P[i + n] - P[i] M^n: one
multiplication for any n. The sum is mixed together with n, so that low bits are good and lengths do not meet.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.compile import inlined, kernel
from pipelines.text.hashing import mixed

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]

MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_SALT: Final = np.uint64(0xD6E8FEB86659FD93)


def gram_hashes(first: Int64, prefixes: Uint64, powers: Uint64, lengths: Int64, head_words: int) -> tuple[Uint64, Uint64, Int64, Int64]:
    """Every n-gram of every part: hash, hash of its head, part, first word in the part. ``lengths`` has the n of each part, 0 for none."""
    num_words = np.diff(first)
    total = int(np.where(lengths > 0, num_words - lengths + 1, 0).sum())
    hashes, heads, items, firsts = np.empty(total, np.uint64), np.empty(total, np.uint64), np.empty(total, np.int64), np.empty(total, np.int64)
    _fill_grams(first, prefixes, powers, lengths, head_words, hashes, heads, items, firsts)
    return hashes, heads, items, firsts


def prefix_hashes(hashes: Uint64) -> Uint64:
    """P of the module's docstring: uint64[W + 1]."""
    prefixes = np.zeros(len(hashes) + 1, np.uint64)
    _fill_prefixes(hashes, prefixes)
    return prefixes


def find_grams(
    first: Int64, prefixes: Uint64, powers: Uint64, lengths: Int64, head_words: int, bitmap: Bytes, hashes: Uint64
) -> tuple[Int64, Int64, Int64]:
    """Where words hash as n-grams of the index do: text, first word (counted over all texts), place of the hash. By text, word, then length."""
    room = 1 << 12
    while True:
        found = np.empty((3, room), np.int64)
        count = _look_up(first, prefixes, powers, lengths, head_words, bitmap, hashes, found)
        if count <= room:
            return found[0, :count].copy(), found[1, :count].copy(), found[2, :count].copy()
        room = count


def find_runs(
    texts: Int64, words: Int64, places: Int64,
    first: Int64, hashed: Uint64, utf8: Bytes, starts: Int64, ends: Int64,
    gram_first: Int64, gram_items: Int64, gram_words: Int64, lengths: Int64,
    held_first: Int64, held_hashed: Uint64, held_utf8: Bytes, held_starts: Int64, held_ends: Int64,
) -> Int64:  # fmt: skip
    """Runs of n-grams that are in a text and in a part, words compared: int64[R, 5], text, part, first word, first word in the part, n-grams.

    The first three arguments are what ``find_grams`` found; then come the texts, the index and the parts.
    """
    room = max(16, len(texts))
    while True:
        runs = np.empty((room, 5), np.int64)
        count = _join_runs(
            texts, words, places, first, hashed, utf8, starts, ends, gram_first, gram_items, gram_words, lengths,
            held_first, held_hashed, held_utf8, held_starts, held_ends, runs,
        )  # fmt: skip
        if count <= room:
            return runs[:count]
        room = count


@inlined
def _gram(prefixes: Uint64, powers: Uint64, word: int, length: int) -> np.uint64:
    return mixed(prefixes[word + length] - prefixes[word] * powers[length] + np.uint64(length) * _SALT)


@inlined
def _is_marked(bitmap: Bytes, value: np.uint64) -> bool:
    bit = value & np.uint64(8 * bitmap.size - 1)
    return bool(bitmap[bit >> np.uint64(3)] >> (bit & np.uint64(7)) & 1)


@inlined
def _place(hashes: Uint64, value: np.uint64) -> int:
    """Place of a value in ascending hashes, or -1."""
    low, high = 0, hashes.size
    while low < high:
        middle = (low + high) >> 1
        if hashes[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low if low < hashes.size and hashes[low] == value else -1


@kernel
def mark(values: Uint64, bitmap: Bytes) -> None:
    """Sets the bit of each value; the size of the bitmap is a power of two."""
    for value in values:
        bit = value & np.uint64(8 * bitmap.size - 1)
        bitmap[bit >> np.uint64(3)] |= np.uint8(1 << (bit & np.uint64(7)))


@kernel
def _fill_prefixes(hashes: Uint64, prefixes: Uint64) -> None:
    for i in range(hashes.size):
        prefixes[i + 1] = prefixes[i] * MULTIPLIER + hashes[i]


@kernel
def _fill_grams(
    first: Int64, prefixes: Uint64, powers: Uint64, lengths: Int64, head_words: int, hashes: Uint64, heads: Uint64, items: Int64, firsts: Int64
) -> None:
    count = 0
    for item in range(lengths.size):
        length = lengths[item]
        if length == 0:
            continue
        for word in range(first[item], first[item + 1] - length + 1):
            hashes[count] = _gram(prefixes, powers, word, length)
            heads[count] = _gram(prefixes, powers, word, min(length, head_words))
            items[count], firsts[count] = item, word - first[item]
            count += 1


@kernel
def _look_up(first: Int64, prefixes: Uint64, powers: Uint64, lengths: Int64, head_words: int, bitmap: Bytes, hashes: Uint64, found: Int64) -> int:
    """Fills ``found`` as far as it goes; returns how many there are."""
    count, num_short = 0, 0
    while num_short < lengths.size and lengths[num_short] < head_words:
        num_short += 1
    for text in range(first.size - 1):
        end = first[text + 1]
        for word in range(first[text], end):
            is_head = word + head_words <= end and _is_marked(bitmap, _gram(prefixes, powers, word, head_words))
            for i in range(lengths.size if is_head else num_short):
                length = lengths[i]
                if word + length > end:
                    break
                value = _gram(prefixes, powers, word, length)
                place = _place(hashes, value) if _is_marked(bitmap, value) else -1
                if place >= 0:
                    if count < found.shape[1]:
                        found[0, count], found[1, count], found[2, count] = text, word, place
                    count += 1
    return count


@inlined
def _same_words(utf8: Bytes, start: int, end: int, other: Bytes, other_start: int, other_end: int) -> bool:
    if end - start != other_end - other_start:
        return False
    for i in range(end - start):  # noqa: SIM110 - numba has no generators here
        if utf8[start + i] != other[other_start + i]:
            return False
    return True


@kernel
def _longest(
    word: int, end: int, hashed: Uint64, utf8: Bytes, starts: Int64, ends: Int64, length: int, candidates: Int64,
    held_base: int, held_end: int, held_hashed: Uint64, held_utf8: Bytes, held_starts: Int64, held_ends: Int64,
) -> int:  # fmt: skip
    """Of the places of one n-gram in one part, the one from which text and part agree for most words, the first of equals; -1 if no words agree."""
    best, most = -1, -1
    for candidate in candidates:
        at = held_base + candidate
        if not _same_words(utf8, starts[word], ends[word + length - 1], held_utf8, held_starts[at], held_ends[at + length - 1]):
            continue
        agreed = length
        if candidates.size > 1:
            while word + agreed < end and at + agreed < held_end and hashed[word + agreed] == held_hashed[at + agreed]:
                agreed += 1
        if agreed > most:
            best, most = candidate, agreed
    return best


@kernel
def _join_runs(
    texts: Int64, words: Int64, places: Int64,
    first: Int64, hashed: Uint64, utf8: Bytes, starts: Int64, ends: Int64,
    gram_first: Int64, gram_items: Int64, gram_words: Int64, lengths: Int64,
    held_first: Int64, held_hashed: Uint64, held_utf8: Bytes, held_starts: Int64, held_ends: Int64, runs: Int64,
) -> int:  # fmt: skip
    """Fills ``runs`` as far as it goes; returns how many there are."""
    last_word = np.full(lengths.size, -2, np.int64)  # by part: first word of the last n-gram of its run that is open,
    last_held = np.full(lengths.size, -2, np.int64)  # the same in the part,
    open_run = np.zeros(lengths.size, np.int64)  # and the run itself
    count = 0
    for i in range(texts.size):
        word, gram, stop = words[i], gram_first[places[i]], gram_first[places[i] + 1]
        while gram < stop:
            item = gram_items[gram]
            same = gram
            while same < stop and gram_items[same] == item:
                same += 1
            candidates, length, base = gram_words[gram:same], lengths[item], held_first[item]
            gram = same
            if last_word[item] == word - 1 and word > first[texts[i]]:
                at, following = word + length - 1, last_held[item] + 1
                held_at = base + following + length - 1
                goes_on = held_at < held_first[item + 1]
                if goes_on and _same_words(utf8, starts[at], ends[at], held_utf8, held_starts[held_at], held_ends[held_at]):
                    last_word[item], last_held[item] = word, following
                    if open_run[item] < runs.shape[0]:
                        runs[open_run[item], 4] += 1
                    continue
            chosen = _longest(
                word, first[texts[i] + 1], hashed, utf8, starts, ends, length, candidates,
                base, held_first[item + 1], held_hashed, held_utf8, held_starts, held_ends,
            )  # fmt: skip
            if chosen < 0:
                continue
            last_word[item], last_held[item], open_run[item] = word, chosen, count
            if count < runs.shape[0]:
                runs[count, 0], runs[count, 1], runs[count, 2], runs[count, 3], runs[count, 4] = texts[i], item, word, chosen, 1
            count += 1
    return count
