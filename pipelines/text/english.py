"""Words and marks of chunks without white space, as spaCy's rules for English cut them (what datatrove calls words).

What those rules do to most chunks is decided here by a compiled reading of them: affixes are taken off from both ends, one of each a round, and
what is left is cut at infixes. Characters' classes and lists come from spaCy itself. A chunk that meets an exception of spaCy's on the way, or may
hold an address with a scheme or an at sign, is cut by spaCy.
"""

# Kernels get arrays, not objects, and the rules are made of numbers and characters that have no other name.
# ruff: noqa: PLR0917, PLR2004, PLR0911, PLR0912, PLR0915, C901

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.characters import LETTER, character, letters, points_of
from pipelines.text.compile import inlined, kernel
from pipelines.text.interned import Interned, find, spans_of
from pipelines.text.lean_imports import without

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

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

# What a character does, in bits beside LETTER.
_ALPHA: Final = 1 << 1  # what spaCy calls a letter, and those in lower and in upper case; letters without case are both
_LOWER: Final = 1 << 2
_UPPER: Final = 1 << 3
_PREFIX: Final = 1 << 4  # taken off wherever it begins what is left
_SUFFIX: Final = 1 << 5  # and wherever it ends it
_INFIX: Final = 1 << 6  # cuts wherever it stands
_QUOTE: Final = 1 << 7
_BEFORE_PERIOD: Final = 1 << 8  # after it one period is taken off
_CURRENCY: Final = 1 << 9  # taken off after a digit

# What a known string is, in bits.
_EXCEPTION: Final = 1  # spaCy has a rule for it alone
_AMONG_WORDS: Final = 2  # and puts it together again where affixes or infixes took it apart
_ONE_WORD: Final = 4  # as one word
_BEGINS: Final = 8  # such an exception begins with it
_UNIT: Final = 16  # taken off after a digit

_UNDECIDED: Final = -1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rules:
    """spaCy's rules as arrays: classes of code points, strings that it knows (``Interned``) with their kind, and how long they can be."""

    classes: Uint16
    known: Interned
    kinds: Bytes
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
        utf8, starts, rules.classes, rules.kinds, rules.most_bytes, known.utf8, known.starts, known.slots, found_starts, found_ends, counts
    )
    return Cut(starts=found_starts[:size], ends=found_ends[:size], counts=counts)


def cut_by_spacy(chunks: Sequence[str]) -> list[list[str]]:
    """Words of chunks by spaCy itself.

    >>> cut_by_spacy(["don't", "10km"])
    [['do', "n't"], ['10', 'km']]
    """
    words: list[list[str]] = []
    with memory_zone():
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


def memory_zone() -> AbstractContextManager[object]:
    """Within it spaCy keeps the words it meets; without it, for ever: 460 bytes each. Zones do not nest."""
    zone: AbstractContextManager[object] = english().memory_zone()
    return zone


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
        (_ALPHA, spacy_s.ALPHA),
        (_LOWER, spacy_s.ALPHA_LOWER),
        (_UPPER, spacy_s.ALPHA_UPPER),
        (_PREFIX, f"§%={marks}{currency}"),
        (_SUFFIX, marks),
        (_INFIX, f"…{spacy_s.ICONS}"),
        (_QUOTE, q),
        (_BEFORE_PERIOD, f"0-9{a}{e}{p}(?:{q})"),
        (_CURRENCY, currency),
    ):
        classes[points_of(members)] |= bit
    most_bytes = int(np.diff(known.starts[: known.count + 1]).max())
    return Rules(classes=classes, known=known, kinds=kinds, most_bytes=most_bytes)


@inlined
def _is_digit(point: np.int32) -> np.bool:
    return 0x30 <= point <= 0x39


@kernel
def _kind(utf8: Bytes, start: int, end: int, kinds: Bytes, most_bytes: int, known_utf8: Bytes, known_starts: Int64, known_slots: Uint64) -> int:
    """What bytes of a chunk are, if they are a string that is known."""
    if start >= end or end - start > most_bytes:
        return 0
    number = find(utf8, start, end, known_utf8, known_starts, known_slots)
    return 0 if number < 0 else int(kinds[number])


@kernel
def _prefix(points: Int32, marks: Uint16, low: int, high: int) -> int:
    """Characters of the prefix."""
    point = points[low]
    if marks[low] & _PREFIX:
        return 1
    if point == ord("+"):
        return 0 if low + 1 < high and _is_digit(points[low + 1]) else 1
    if point == ord("."):
        end = low
        while end < high and points[end] == ord("."):
            end += 1
        return end - low if end - low > 1 else 0
    if point == ord("U"):
        return 3 if low + 2 < high and points[low + 1] == ord("S") and points[low + 2] == ord("$") else 0
    if point in (ord("C"), ord("A")):
        return 2 if low + 1 < high and points[low + 1] == ord("$") else 0
    return 0


@kernel
def _suffix(points: Int32, marks: Uint16, low: int, high: int) -> int:
    """Characters of the longest suffix but units, which are words and not characters."""
    last = points[high - 1]
    before = points[high - 2] if high - 2 >= low else np.int32(0)
    two_before = points[high - 3] if high - 3 >= low else np.int32(0)
    if last == ord("."):
        start = high - 1
        while start > low and points[start - 1] == ord("."):
            start -= 1
        if high - start > 1:
            return high - start
        if high - 2 < low:
            return 0
        if marks[high - 2] & _BEFORE_PERIOD:
            return 1
        if high - 3 < low:
            return 0
        if marks[high - 2] & _UPPER and marks[high - 3] & _UPPER:
            return 1
        return 1 if two_before == 0xB0 and before in (ord("F"), ord("f"), ord("C"), ord("c"), ord("K"), ord("k")) else 0
    if last == 0x2026:
        return 2 if before == 0x2026 else 1
    if last in (ord("s"), ord("S")):
        return 2 if before in (ord("'"), 0x2019) else 0
    if marks[high - 1] & _SUFFIX:
        return 1
    if last == ord("+"):
        return 1 if _is_digit(before) else 0
    if last == ord("$"):
        if high - 4 >= low and _is_digit(points[high - 4]) and two_before == ord("U") and before == ord("S"):
            return 3
        if before in (ord("C"), ord("A")) and _is_digit(two_before):
            return 2
    return 1 if marks[high - 1] & _CURRENCY and _is_digit(before) else 0


@kernel
def _infix(points: Int32, marks: Uint16, low: int, place: int, high: int) -> int:
    """Characters of the infix that begins at a place behind the first."""
    point = points[place]
    if marks[place] & _INFIX:
        return 1
    if point == ord("."):
        end = place
        while end < high and points[end] == ord("."):
            end += 1
        if end - place > 1:
            return end - place
    if place == low or place + 1 >= high:
        return 0
    before, after = marks[place - 1], marks[place + 1]
    if point == ord("."):
        return 1 if before & (_LOWER | _QUOTE) and after & (_UPPER | _QUOTE) else 0
    if point == ord(","):
        return 1 if before & _ALPHA and after & _ALPHA else 0
    if (
        point in (ord("+"), ord("-"), ord("*"), ord("^"))
        and _is_digit(points[place - 1])
        and (_is_digit(points[place + 1]) or points[place + 1] == ord("-"))
    ):
        return 1
    if not before & _ALPHA and not _is_digit(points[place - 1]):
        return 0
    if point in (ord(":"), ord("<"), ord(">"), ord("="), ord("/")):
        return 1 if after & _ALPHA else 0
    if point in (ord("-"), 0x2013, 0x2014, ord("~")):
        most = 3 if point == ord("-") else 2 if point == 0x2014 else 1
        for length in range(1, most + 1):
            if place + length >= high or (length > 1 and points[place + length - 1] != point):
                return 0
            if marks[place + length] & _ALPHA:
                return length
    return 0


@inlined
def _is_host(point: np.int32) -> np.bool | bool:
    """Part of a name in an address, dashes and low lines aside."""
    return _is_digit(point) or 0x41 <= point <= 0x5A or 0x61 <= point <= 0x7A or 0xA1 <= point <= 0xFFFF


@kernel
def _address(points: Int32, marks: Uint16, low: int, high: int) -> int:
    """Whether characters low to high are an address, which is one word: 1, 0 or _UNDECIDED."""
    num_periods = 0
    odd = False
    for i in range(low, high):
        num_periods += points[i] == ord(".")
        odd |= points[i] == ord("@") or points[i] > 0xFFFF or (points[i] == ord("/") and i > low and points[i - 1] == ord("/"))
    if num_periods == 0:
        return 0
    if odd:
        return _UNDECIDED
    start = place = low
    labels = 0
    numeric = True
    while True:
        start = place
        while place < high and (_is_host(points[place]) or points[place] in (ord("-"), ord("_"))):
            numeric = numeric and bool(_is_digit(points[place]))
            place += 1
        if place == high or points[place] != ord("."):
            break
        if start == place or place - start > 64 or not _is_host(points[start]) or not _is_host(points[place - 1]):
            return 0
        labels += 1
        place += 1
    if numeric and labels == 3:
        return _UNDECIDED
    if labels == 0 or not 2 <= place - start <= 63:
        return 0
    for i in range(start, place):
        if not marks[i] & _LOWER:
            return 0
    if place < high and points[place] == ord(":"):
        first = place + 1
        place = first
        while place < high and _is_digit(points[place]):
            place += 1
        if place < high and points[place] >= 0x80:
            return _UNDECIDED  # digits of other scripts
        if not 2 <= place - first <= 5:
            return 0
    return 1 if place == high or points[place] in (ord("/"), ord("?"), ord("#")) else 0


@kernel
def _cut_chunks(
    utf8: Bytes,
    starts: Int64,
    classes: Uint16,
    kinds: Bytes,
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
        high, common = 0, np.uint16(LETTER)
        while place < end and high <= MAX_CHUNK:
            point, width = character(utf8, place, end)
            points[high], marks[high], at[high] = point, classes[point], place
            common &= marks[high]
            high += 1
            place += width
        at[high] = end
        if high > MAX_CHUNK or (common and not _kind(utf8, at[0], at[high], kinds, most_bytes, known_utf8, known_starts, known_slots) & _EXCEPTION):
            found_starts[size], found_ends[size] = starts[chunk], end
            counts[chunk] = 1
            size += 1
            continue
        first, low, num_suffixes = size, 0, 0
        last = _UNDECIDED
        asked = False
        while low < high and high - low != last and not asked:
            last = high - low
            asked = _kind(utf8, at[low], at[high], kinds, most_bytes, known_utf8, known_starts, known_slots) & _EXCEPTION != 0
            prefix = _prefix(points, marks, low, high)
            if prefix:
                asked |= _kind(utf8, at[low + prefix], at[high], kinds, most_bytes, known_utf8, known_starts, known_slots) & _EXCEPTION != 0
                found_starts[size], found_ends[size] = at[low], at[low + prefix]
                size += 1
            inner = low + prefix
            suffix = _suffix(points, marks, inner, high) if inner < high else 0
            for start in range(max(inner + 1, high - most_bytes), high - suffix):
                if _is_digit(points[start - 1]) and (
                    _kind(utf8, at[start], at[high], kinds, most_bytes, known_utf8, known_starts, known_slots) & _UNIT
                ):
                    suffix = high - start
                    break
            if suffix:
                asked |= _kind(utf8, at[low], at[high - suffix], kinds, most_bytes, known_utf8, known_starts, known_slots) & _EXCEPTION != 0
                suffixes[num_suffixes] = high
                num_suffixes += 1
                high -= suffix
            low = inner
        address = _address(points, marks, low, high) if low < high and not asked else 0
        asked |= address == _UNDECIDED
        start = low
        if address == 0 and not asked:
            place = low + 1 if low < high and not (marks[low] & _INFIX or points[low] == ord(".")) else low
            while place < high:
                length = _infix(points, marks, low, place, high)
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
            counts[chunk] = _UNDECIDED
            size = first
    return size
