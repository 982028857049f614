r"""Words of texts with their places in the UTF-8 bytes, in the definitions that copies and benchmarks are looked for with.

*Dedup words* are runs of ``\w`` (as Python's ``re`` has it) in the text in lower case. *Contamination words* are what stands between white space,
folded and without punctuation; what is nothing but punctuation is no word. Two normal forms say what is folded and what is punctuation
(`pipelines.text.word_forms`): *assay*, and *gpt3* as in Brown et al. 2020, appendix C.

A hyphen, a slash, an underscore, a zero-width space or the tag of an element within a line may part words or stand inside of one, and nobody can say
which. So the form *assay* has two readings: *joined*, where such characters are nothing, as punctuation is to Brown et al., and *parted*, where they
end a word. A copy that has other ones than the original has the same words in one of the two, unless it has others in some places only.

In scripts written without spaces (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar) one character is one word, in every definition; its combining
marks belong to it. That part is ours: a paper for them does not exist, and without it a Chinese page is a handful of words.

One compiled pass over Arrow's buffers does it. It takes what a character is from tables made of this Python's own Unicode data, so that it agrees
with ``str.lower`` and ``re`` by construction. The one rule of ``str.lower`` that looks around a character, the final sigma, is settled beforehand.
"""

# Kernels get arrays, not objects, and UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR0917, PLR2004, FBT001

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pyarrow as pa

from pipelines.text.characters import character
from pipelines.text.compile import inlined, kernel
from pipelines.text.markup import MOST_MARKS, hold, looked, opens
from pipelines.text.word_forms import (
    ALONE,
    EXPANDS,
    KEPT,
    LOOKS,
    MARK,
    PARTS,
    SEPARATOR,
    Bytes,
    Int64,
    Tables,
    assay_tables,
    dedup_tables,
    gpt3_tables,
)

Reading = Literal["joined", "parted"]
NormalForm = Literal["assay", "gpt3"]

_BLANK: Final = 0x20  # in no word
_MOST_GROWTH: Final = 3  # bytes of words for one of a text, the blank before a word counted
_CAPITAL_SIGMA: Final = "\u03a3"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Words:
    """Words of N texts, W in all, end to end.

    Attributes:
        utf8: normalised words, one blank between neighbours, so that words i to j of a text are ``utf8[starts[i] : ends[j]]``.
        starts, ends: int64[W], each word in ``utf8``.
        text_starts, text_ends: int64[W], each word in the bytes of its own text. Deleted characters belong to the word before them, those at the head
            of a white-space token to its first word; so do tags within a line. A character that is written as an entity is all of the entity.
        first: int64[N + 1]; words of text t are ``first[t]`` to ``first[t + 1]``.
    """

    utf8: Bytes
    starts: Int64
    ends: Int64
    text_starts: Int64
    text_ends: Int64
    first: Int64

    def of_text(self, text: int) -> list[str]:
        """Normalised words of one text as strings.

        >>> contamination_words(pa.array(["Say: 'Hello', world - now"])).of_text(0)
        ['say', 'hello', 'world', 'now']
        """
        spans = zip(self.starts[self.first[text] : self.first[text + 1]], self.ends[self.first[text] : self.first[text + 1]], strict=True)
        return [self.utf8[start:end].tobytes().decode() for start, end in spans]


def dedup_words(texts: pa.Array) -> Words:
    """Words of texts for shingles.

    >>> dedup_words(pa.array(["It's 東京!"])).of_text(0)
    ['it', 's', '東', '京']
    """
    return _words(*settled_buffers(texts), dedup_tables(), is_parted=False)


def contamination_words(texts: pa.Array, reading: Reading = "joined", *, normal_form: NormalForm = "assay") -> Words:
    """Words of texts for n-grams that are compared with benchmarks, in one of the two readings.

    >>> contamination_words(pa.array(["<p>Two&nbsp;by-two</p>"]), "parted").of_text(0)
    ['two', 'by', 'two']
    """
    offsets, data = contamination_buffers(texts, normal_form)
    return _words(offsets, data, contamination_tables(normal_form), is_parted=reading == "parted")


def count_words(text: str) -> int:
    """Number of contamination words of one text, joined.

    >>> count_words("No - that's it.")
    3
    """
    return len(contamination_words(pa.array([text], pa.string())).starts)


def utf8_buffers(texts: pa.Array) -> tuple[Int64, Bytes]:
    """Offsets (int64[N + 1]) and bytes of an Arrow string array without nulls. The bytes are read-only and are not copied."""
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, offsets, data = texts.buffers()
    found = np.zeros(1, width) if not len(texts) or offsets is None else np.frombuffer(offsets, width)[texts.offset : texts.offset + len(texts) + 1]
    utf8 = np.frombuffer(b"" if data is None else data, np.uint8)
    utf8.flags.writeable = False  # whoever made the buffer: kernels are compiled once for each kind of array that they get
    return found.astype(np.int64), utf8


def settled_buffers(texts: pa.Array) -> tuple[Int64, Bytes]:
    """As ``utf8_buffers``, every capital sigma in the lower case that its neighbours ask for: both forms take as many bytes as the capital."""
    offsets, data = utf8_buffers(texts)
    places = _sigmas(data[offsets[0] : offsets[-1]])
    if not len(places):
        return offsets, data
    offsets, data = offsets - offsets[0], data[offsets[0] : offsets[-1]].copy()
    of_text = np.searchsorted(offsets, places, side="right") - 1
    for number in np.unique(of_text):
        text = texts[number].as_py()
        lowered = text.replace("\u0130", "i").lower()  # one character for each; the dotted I has no say in what a sigma is
        settled = "".join(low for low, given in zip(lowered, text, strict=True) if given == _CAPITAL_SIGMA).encode()
        here = places[of_text == number]
        data[here], data[here + 1] = np.frombuffer(settled, np.uint8).reshape(-1, 2).T
    data.flags.writeable = False  # as what has no sigma: see ``utf8_buffers``
    return offsets, data


def contamination_buffers(texts: pa.Array, normal_form: NormalForm) -> tuple[Int64, Bytes]:
    """Offsets and bytes that the tables of a form are made for."""
    return utf8_buffers(texts) if normal_form == "assay" else settled_buffers(texts)


def contamination_tables(normal_form: NormalForm) -> Tables:
    """What each character is to contamination words."""
    return assay_tables() if normal_form == "assay" else gpt3_tables()


def most_words(num_bytes: int, num_texts: int) -> int:
    """More words than texts of so many bytes can have: two need three bytes where one character of theirs is two words (Lao), else four."""
    return num_bytes * 2 // 3 + num_texts + 1


def _words(offsets: Int64, data: Bytes, tables: Tables, *, is_parted: bool) -> Words:
    num_bytes, num_texts = int(offsets[-1] - offsets[0]), len(offsets) - 1
    most = most_words(num_bytes, num_texts)
    starts, ends, text_starts, text_ends = (np.empty(most, np.int64) for _ in range(4))
    utf8, first = np.empty(_MOST_GROWTH * num_bytes + num_texts + 8, np.uint8), np.empty(num_texts + 1, np.int64)
    num_words, size = _segment(data, offsets, tables, is_parted, utf8, starts, ends, text_starts, text_ends, first)
    return Words(
        utf8=utf8[:size], starts=starts[:num_words], ends=ends[:num_words],
        text_starts=text_starts[:num_words], text_ends=text_ends[:num_words], first=first,
    )  # fmt: skip


def _sigmas(data: Bytes) -> Int64:
    """Where capital sigmas stand."""
    first, second = _CAPITAL_SIGMA.encode()
    places = np.flatnonzero(data[:-1] == first)
    found: Int64 = places[data[places + 1] == second]
    return found


@kernel
def _encode(point: np.int64, utf8: Bytes, at: int) -> int:
    """Writes a code point and returns the place after it."""
    if point < 0x80:
        utf8[at] = point
        return at + 1
    if point < 0x800:
        utf8[at] = 0xC0 | point >> 6
        utf8[at + 1] = 0x80 | point & 0x3F
        return at + 2
    if point < 0x10000:
        utf8[at] = 0xE0 | point >> 12
        utf8[at + 1] = 0x80 | point >> 6 & 0x3F
        utf8[at + 2] = 0x80 | point & 0x3F
        return at + 3
    utf8[at] = 0xF0 | point >> 18
    utf8[at + 1] = 0x80 | point >> 12 & 0x3F
    utf8[at + 2] = 0x80 | point >> 6 & 0x3F
    utf8[at + 3] = 0x80 | point & 0x3F
    return at + 4


@inlined
def _written(low: np.int64, utf8: Bytes, at: int) -> int:
    """As ``_encode``; most letters are one byte."""
    if low < 0x80:
        utf8[at] = low
        return at + 1
    return _encode(low, utf8, at)


@kernel
def _segment(  # noqa: PLR0912, C901, PLR0915 - one pass, one state machine
    data: Bytes, offsets: Int64, tables: Tables, is_parted: bool,
    utf8: Bytes, starts: Int64, ends: Int64, text_starts: Int64, text_ends: Int64, first: Int64,
) -> tuple[int, int]:  # fmt: skip
    """Fills the arrays of ``Words``; returns the number of words and of bytes written."""
    kinds, lower, classes = tables.kinds, tables.lower, tables.classes
    marks, num_marks = np.empty(MOST_MARKS, np.int64), 0  # over the last letter, not written yet
    num_words = size = 0
    for text in range(offsets.size - 1):
        first[text] = num_words
        base, end = offsets[text], offsets[text + 1]
        place, head = base, np.int64(-1)  # head: where the white-space token began, while it has no word
        in_word = has_word = after_alone = after_kept = False  # has_word: the last word is of this token, and where it ends in the text is open
        while place <= end:
            point, width = np.int64(_BLANK), 1  # behind a text stands a blank, which ends its last word
            if place < end:
                point = np.int64(data[np.uint64(place)])
                if in_word and not after_alone and num_marks == 0:
                    while point < 0x80 and kinds[np.uint64(point)] == KEPT:  # what most bytes are
                        utf8[np.uint64(size)] = lower[np.uint64(point)]
                        size += 1
                        place += 1
                        after_kept = True
                        point = np.int64(data[np.uint64(place)]) if place < end else np.int64(_BLANK)
                if point >= 0x80:
                    found, width = character(data, place, end)
                    point = np.int64(found)
            if num_marks == 0 and kinds[np.uint64(point)] == SEPARATOR:
                if in_word:
                    ends[num_words - 1] = size
                if has_word:
                    text_ends[num_words - 1] = place - base
                in_word = has_word = after_alone = after_kept = False
                head = np.int64(-1)
                place += width
                continue
            if kinds[np.uint64(point)] & LOOKS and opens(data, place + width, end, point):
                point, width = looked(data, place, end, point, width, after_kept, tables)
            kind, low, count, at = kinds[np.uint64(point)], np.int64(lower[np.uint64(point)]), np.int64(1), np.int64(0)
            if low & EXPANDS:
                count, at = low & 7, (low ^ EXPANDS) >> 3
            after_kept = kind & KEPT != 0
            for part in range(count):
                edge = place + width if part else place
                if count > 1:
                    low = np.int64(tables.codes[at + part])
                    kind = kinds[low]
                is_kept, is_mark, is_alone = kind & KEPT != 0, kind & MARK != 0, kind & ALONE != 0
                parts = is_kept and not is_mark and (is_alone or after_alone)
                ends_here = in_word and (kind == SEPARATOR or parts or (is_parted and kind & PARTS != 0))
                if num_marks and (ends_here or kind & PARTS or (is_kept and classes[low] == 0) or num_marks == MOST_MARKS):
                    for i in range(num_marks):
                        size = _written(marks[i], utf8, size)
                    num_marks = 0
                if ends_here:
                    ends[num_words - 1] = size
                    in_word = False
                if is_kept:
                    if not in_word:
                        if has_word:
                            text_ends[num_words - 1] = edge - base
                        if num_words:
                            utf8[size] = _BLANK
                            size += 1
                        starts[num_words] = size
                        text_starts[num_words] = (place if head < 0 else head) - base
                        num_words += 1
                        head, in_word, has_word = np.int64(-1), True, True
                    if classes[low]:
                        num_marks = hold(marks, num_marks, low, classes)
                    else:
                        size = _written(low, utf8, size)
                    if not is_mark:
                        after_alone = is_alone
                elif kind == SEPARATOR:
                    if has_word:
                        text_ends[num_words - 1] = edge - base
                    head, has_word, after_alone = np.int64(-1), False, False
                elif head < 0 and not has_word:
                    head = place
            place += width
    first[offsets.size - 1] = num_words
    return num_words, size
