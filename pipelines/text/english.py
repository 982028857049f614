"""Words and marks of chunks without white space, as spaCy's rules for English cut them (what datatrove calls words).

What those rules do to most chunks is decided here by a compiled reading of them: affixes are taken off from both ends, one of each a round, and
what is left is cut at infixes. Characters' classes and lists come from spaCy itself. A chunk that meets an exception of spaCy's on the way, or may
hold an address with a scheme or an at sign, is cut by spaCy.
"""

# Kernels get arrays, not objects, and the rules are made of numbers and characters that have no other name.
# ruff: noqa: PLR0917, PLR0912, PLR0915, C901

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.affixes import (
    ALPHA,
    BEFORE_PERIOD,
    CURRENCY,
    INFIX,
    LOWER,
    MAY_CUT,
    MAY_CUT_ASCII,
    PERIOD,
    PREFIX,
    QUOTE,
    SUFFIX,
    UNDECIDED,
    UPPER,
    infix_at,
    is_address,
    is_digit,
    prefix_of,
    suffix_of,
)
from pipelines.text.characters import LETTER, character, letters, points_of
from pipelines.text.compile import kernel
from pipelines.text.interned import Interned, find, spans_of
from pipelines.text.lean_imports import without

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from spacy.lang.en import English

    Bytes = npt.NDArray[np.uint8]
    Bool = npt.NDArray[np.bool_]
    Int32 = npt.NDArray[np.int32]
    Int64 = npt.NDArray[np.int64]
    Uint16 = npt.NDArray[np.uint16]
    Uint64 = npt.NDArray[np.uint64]

# A longer run without white space is one word: the rules take time that grows with its square (12 s for 10,000 apostrophes), and it is no prose.
MAX_CHUNK: Final = 1000
_TOGETHER: Final = 1 << 20  # characters that spaCy gets at once: a call costs more than a chunk

# What a known string is, in bits.
_EXCEPTION: Final = 1  # spaCy has a rule for it alone
_AMONG_WORDS: Final = 2  # and puts it together again where affixes or infixes took it apart
_ONE_WORD: Final = 4  # as one word
_BEGINS: Final = 8  # such an exception begins with it
_UNIT: Final = 16  # taken off after a digit


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rules:
    """spaCy's rules as arrays.

    Attributes:
        classes: uint16[LAST + 1], what a character does.
        known: strings that it knows.
        kinds: uint8[known], what each of them is.
        edges: bool[256, 256], for a first and a last byte whether any of them has both: most strings are not looked up at all.
        most_bytes: how long they can be.
    """

    classes: Uint16
    known: Interned
    kinds: Bytes
    edges: Bool
    most_bytes: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cut:
    """Words of chunks: ``utf8[starts[w] : ends[w]]``, ``counts[c]`` of them for chunk c, end to end."""

    starts: Int64
    ends: Int64
    counts: Int64


def cut_by_rule(utf8: Bytes, starts: Int64) -> Cut:
    """Words of the chunks ``utf8[starts[i] : starts[i + 1]]``; -1 words are those of a chunk that spaCy is to be asked for."""
    num_bytes = int(starts[-1] - starts[0])
    found_starts, found_ends = np.empty(num_bytes, np.int64), np.empty(num_bytes, np.int64)
    counts = np.empty(len(starts) - 1, np.int64)
    rules = english_rules()
    known = rules.known
    size = _cut_chunks(
        utf8,
        starts,
        rules.classes,
        rules.kinds,
        rules.edges,
        rules.most_bytes,
        known.utf8,
        known.starts,
        known.slots,
        found_starts,
        found_ends,
        counts,
    )
    return Cut(starts=found_starts[:size], ends=found_ends[:size], counts=counts)


def cut_by_spacy(chunks: Sequence[str]) -> list[list[str]]:
    """Words of chunks by spaCy itself.

    >>> cut_by_spacy(["don't", "10km"])
    [['do', "n't"], ['10', 'km']]
    """
    words: list[list[str]] = []
    with english().memory_zone():  # without it spaCy keeps the words it meets for ever: 460 bytes each
        first = num_characters = 0
        for i, chunk in enumerate(chunks, 1):
            num_characters += len(chunk)
            if num_characters >= _TOGETHER or i == len(chunks):
                words += _cut_together(chunks[first:i])
                first, num_characters = i, 0
    return words


def _cut_together(chunks: Sequence[str]) -> list[list[str]]:
    """Cuts a text made of chunks: empty lines are words of their own, and no rule reaches across them."""
    words: list[list[str]] = [[]]
    for token in english().tokenizer("\n\n".join(chunks)):
        if token.is_space:
            words.append([])
        else:
            words[-1].append(token.text)
    return words


@cache
def end_marks() -> frozenset[str]:
    """Marks after which spaCy's ``sentencizer`` lets a sentence end."""
    with without("torch", "transformers"):
        from spacy.pipeline import Sentencizer

        return frozenset(Sentencizer.default_punct_chars)


@cache
def english() -> English:
    """A blank pipeline of spaCy's for English."""
    # spaCy imports both if it can, for models not used here: 12 s of CPU in every worker. It takes 1.3 s itself, which a command that cuts no word
    # need not pay.
    with without("torch", "transformers"):
        from spacy.lang.en import English

        return English()


@cache
def english_rules() -> Rules:
    """What spaCy's rules for English say."""
    tokenizer = english().tokenizer
    from spacy.lang import char_classes as spacy_s  # after english, which says what spaCy may import

    units = [unit for unit in spacy_s.LIST_UNITS if unit]
    among = [s for s in tokenizer.rules if tokenizer.find_prefix(s) or tokenizer.find_infix(s) or tokenizer.find_suffix(s)]
    heads = {string[:end] for string in among for end in range(1, len(string))}
    one_word = [string for string, words in tokenizer.rules.items() if len(words) == 1]
    known = Interned([*tokenizer.rules, *units, *heads])
    kinds = np.zeros(known.count, np.uint8)
    for bit, strings in ((_EXCEPTION, tokenizer.rules), (_AMONG_WORDS, among), (_ONE_WORD, one_word), (_BEGINS, heads), (_UNIT, units)):
        kinds[known.numbers_of(*spans_of(strings))] |= bit
    e, p, q, a = r"%²\-\+", spacy_s.PUNCT, spacy_s.CONCAT_QUOTES, spacy_s.ALPHA_LOWER
    one = [mark for mark in spacy_s.LIST_PUNCT + spacy_s.LIST_QUOTES if len(mark.replace("\\", "")) == 1]
    marks = "".join(one) + "\u2026\u2014\u2013" + spacy_s.ICONS
    currency = "".join(sign for sign in spacy_s.LIST_CURRENCY if len(sign.replace("\\", "")) == 1)
    classes = letters().astype(np.uint16)
    for bit, members in (
        (ALPHA, spacy_s.ALPHA),
        (LOWER, spacy_s.ALPHA_LOWER),
        (UPPER, spacy_s.ALPHA_UPPER),
        (PREFIX, f"§%={marks}{currency}"),
        (SUFFIX, marks),
        (INFIX, f"…{spacy_s.ICONS}"),
        (MAY_CUT, f"…—\u2013{re.escape(MAY_CUT_ASCII)}{spacy_s.ICONS}"),
        (PERIOD, "."),
        (QUOTE, q),
        (BEFORE_PERIOD, f"0-9{a}{e}{p}(?:{q})"),
        (CURRENCY, currency),
    ):
        classes[points_of(members)] |= bit
    most_bytes = int(np.diff(known.starts[: known.count + 1]).max())
    edges = np.zeros((256, 256), np.bool_)
    edges[known.utf8[known.starts[: known.count]], known.utf8[known.starts[1 : known.count + 1] - 1]] = True
    return Rules(classes=classes, known=known, kinds=kinds, edges=edges, most_bytes=most_bytes)


@kernel
def _kind(utf8: Bytes, start: int, end: int, kinds: Bytes, most_bytes: int, known_utf8: Bytes, known_starts: Int64, known_slots: Uint64) -> np.int64:
    """What bytes of a chunk are, if they are a string that is known. Call it where their edges fit: a call costs ten times as much as that look."""
    if end - start > most_bytes:
        return np.int64(0)
    number = find(utf8, start, end, known_utf8, known_starts, known_slots)
    return np.int64(0) if number < 0 else np.int64(kinds[number])


@kernel
def _cut_chunks(
    utf8: Bytes,
    starts: Int64,
    classes: Uint16,
    kinds: Bytes,
    edges: Bool,
    most_bytes: int,
    known_utf8: Bytes,
    known_starts: Int64,
    known_slots: Uint64,
    found_starts: Int64,
    found_ends: Int64,
    counts: Int64,
) -> int:
    """Fills the arrays of ``Cut``; returns the number of words."""
    points, marks, at = np.empty(MAX_CHUNK + 1, np.int32), np.empty(MAX_CHUNK + 1, np.uint16), np.empty(MAX_CHUNK + 2, np.int64)
    suffixes = np.empty(MAX_CHUNK + 1, np.int64)
    size = 0
    for chunk in range(counts.size):
        place, end = starts[chunk], starts[chunk + 1]
        high, common, united = 0, np.uint16(LETTER), np.uint16(0)
        while place < end and high <= MAX_CHUNK:
            point, width = character(utf8, place, end)
            points[high], marks[high], at[high] = point, classes[point], place
            common &= marks[high]
            united |= marks[high]
            high += 1
            place += width
        at[high] = end
        asked = high <= MAX_CHUNK and edges[utf8[starts[chunk]], utf8[end - 1]]
        if asked:
            asked = _kind(utf8, starts[chunk], end, kinds, most_bytes, known_utf8, known_starts, known_slots) & _EXCEPTION != 0
        if high > MAX_CHUNK or (common and not asked):
            found_starts[size], found_ends[size] = starts[chunk], end
            counts[chunk] = 1
            size += 1
            continue
        first, low, num_suffixes = size, 0, 0
        last = UNDECIDED
        while low < high and high - low != last and not asked:
            last = high - low
            if edges[utf8[at[low]], utf8[at[high] - 1]]:
                asked |= _kind(utf8, at[low], at[high], kinds, most_bytes, known_utf8, known_starts, known_slots) & _EXCEPTION != 0
            prefix = prefix_of(points, marks, low, high)
            if prefix:
                if low + prefix < high and edges[utf8[at[low + prefix]], utf8[at[high] - 1]]:
                    asked |= _kind(utf8, at[low + prefix], at[high], kinds, most_bytes, known_utf8, known_starts, known_slots) & _EXCEPTION != 0
                found_starts[size], found_ends[size] = at[low], at[low + prefix]
                size += 1
            inner = low + prefix
            suffix = suffix_of(points, marks, inner, high) if inner < high else 0
            for start in range(max(inner + 1, high - most_bytes), high - suffix):
                if (
                    is_digit(points[start - 1])
                    and edges[utf8[at[start]], utf8[at[high] - 1]]
                    and _kind(utf8, at[start], at[high], kinds, most_bytes, known_utf8, known_starts, known_slots) & _UNIT
                ):
                    suffix = high - start
                    break
            if suffix:
                if low < high - suffix and edges[utf8[at[low]], utf8[at[high - suffix] - 1]]:
                    asked |= _kind(utf8, at[low], at[high - suffix], kinds, most_bytes, known_utf8, known_starts, known_slots) & _EXCEPTION != 0
                suffixes[num_suffixes] = high
                num_suffixes += 1
                high -= suffix
            low = inner
        address = is_address(points, marks, low, high) if low < high and united & PERIOD and not asked else 0
        asked |= address == UNDECIDED
        start = low
        if address == 0 and not asked:
            place = low + 1 if low < high and not marks[low] & (INFIX | PERIOD) else low
            while place < high:
                length = infix_at(points, marks, low, place, high) if marks[place] & MAY_CUT else 0
                if length and place > low:
                    if place > start:
                        found_starts[size], found_ends[size] = at[start], at[place]
                        size += 1
                    found_starts[size], found_ends[size] = at[place], at[place + length]
                    size += 1
                    start = place + length
                place += max(length, 1)
        if start < high:
            found_starts[size], found_ends[size] = at[start], at[high]
            size += 1
        for i in range(num_suffixes - 1, -1, -1):
            found_starts[size], found_ends[size] = at[high], at[suffixes[i]]
            size += 1
            high = suffixes[i]
        for word in range(first, size):
            if asked:
                break
            if not edges[utf8[found_starts[word]], utf8[found_ends[word] - 1]]:
                continue
            kind = _kind(utf8, found_starts[word], found_ends[word], kinds, most_bytes, known_utf8, known_starts, known_slots)
            asked = kind & _AMONG_WORDS != 0 and kind & _ONE_WORD == 0
            if kind & _BEGINS:
                for last_word in range(word + 1, size):
                    if found_ends[last_word] - found_starts[word] > most_bytes:
                        break
                    kind = _kind(utf8, found_starts[word], found_ends[last_word], kinds, most_bytes, known_utf8, known_starts, known_slots)
                    asked |= kind & _AMONG_WORDS != 0
        counts[chunk] = size - first
        if asked:
            counts[chunk] = UNDECIDED
            size = first
    return size
