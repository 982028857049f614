r"""Words of texts with their places in the UTF-8 bytes, in the two definitions that copies and benchmarks are looked for with.

*Dedup words* are runs of ``\w`` (as Python's ``re`` has it) in the text in lower case. *Contamination words* are what stands between white space, in
lower case, without punctuation; what is nothing but punctuation is no word (Brown et al. 2020, appendix C). Punctuation is what Unicode puts into the
categories P, S and Cf: in ASCII that is ``string.punctuation``, as in the evaluation harness; beyond it, typographic quotes, dashes, emoji, soft
hyphens and zero-width characters hide nothing either.

In scripts written without spaces (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar) one character is one word, in both definitions; its combining
marks belong to it. That part is ours: a paper for them does not exist, and without it a Chinese page is a handful of words.

One compiled pass over Arrow's buffers does both. It takes what a character is from tables made of this Python's own Unicode data, so that it agrees
with ``str.lower`` and ``re`` by construction. The one rule that looks around a character, the final sigma, is settled beforehand by ``str.lower``.
"""

# Kernels get arrays, not objects, and UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR0917, PLR2004

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from pipelines.text.characters import LAST, character, in_category, points_of
from pipelines.text.compile import kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Uint32 = npt.NDArray[np.uint32]
    Int64 = npt.NDArray[np.int64]

# Blocks of the scripts written without spaces (Unicode 15, Blocks.txt), half-width forms and supplements included.
SPACELESS: Final = (
    (0x0E00, 0x0E7F),  # Thai
    (0x0E80, 0x0EFF),  # Lao
    (0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F),  # Myanmar
    (0x1780, 0x17FF), (0x19E0, 0x19FF),  # Khmer
    (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B),  # Han: radicals, signs and numerals
    (0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F), (0x1AFF0, 0x1B16F),  # Hiragana and Katakana
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF),  # Han
)  # fmt: skip

# What a character does, in bits. No bit: it separates words.
KEPT: Final = 1  # part of a word
DELETED: Final = 2  # neither part of a word nor the end of one
ALONE: Final = 4  # a word by itself
MARK: Final = 8  # belongs to the character before it
SEPARATOR: Final = 0

_BLANK: Final = 0x20  # in no word
DOTTED_I: Final = 0x130  # the one character whose lower case is two: i and a dot above
DOT_ABOVE: Final = 0x307
_CAPITAL_SIGMA: Final = "\u03a3"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Words:
    """Words of N texts, W in all, end to end.

    Attributes:
        utf8: normalised words, one blank between neighbours, so that words i to j of a text are ``utf8[starts[i] : ends[j]]``.
        starts, ends: int64[W], each word in ``utf8``.
        text_starts, text_ends: int64[W], each word in the bytes of its own text. Deleted characters belong to the word before them, those at the head
            of a white-space token to its first word.
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
    return _words(texts, _dedup_kinds())


def contamination_words(texts: pa.Array) -> Words:
    """Words of texts for n-grams that are compared with benchmarks."""
    return _words(texts, _contamination_kinds())


def count_words(text: str) -> int:
    """Number of contamination words of one text.

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


def contamination_tables() -> tuple[Bytes, Uint32]:
    """What each code point does in contamination words, and its lower case."""
    return _contamination_kinds(), _lower()


def _words(texts: pa.Array, kinds: Bytes) -> Words:
    offsets, data = settled_buffers(texts)
    num_bytes, num_texts = int(offsets[-1] - offsets[0]), len(texts)
    most = num_bytes // 2 + num_texts + 1  # a word takes two bytes with what parts it from the next, but for one at the end of a text
    starts, ends, text_starts, text_ends = (np.empty(most, np.int64) for _ in range(4))
    utf8, first = np.empty(2 * num_bytes + num_texts + 8, np.uint8), np.empty(num_texts + 1, np.int64)
    num_words, size = _segment(data, offsets, kinds, _lower(), utf8, starts, ends, text_starts, text_ends, first)
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


@cache
def _lower() -> Uint32:
    """Lower case of every code point. A capital sigma has none here, the dotted I the first of its two."""
    points = np.arange(LAST + 1, dtype=np.uint32)
    plain = np.ones(LAST + 1, np.bool_)
    plain[0xD800:0xE000] = False  # surrogates: no text has them
    plain[[0x03A3, DOTTED_I]] = False
    points[plain] = np.frombuffer(points[plain].tobytes().decode("utf-32-le").lower().encode("utf-32-le"), np.uint32)
    points[DOTTED_I] = ord("i")
    return points


@cache
def _alone() -> npt.NDArray[np.bool_]:
    found = np.zeros(LAST + 1, np.bool_)
    for low, high in SPACELESS:
        found[low : high + 1] = True
    return found


@cache
def _dedup_kinds() -> Bytes:
    kinds = np.where(points_of(r"\w"), np.uint8(KEPT), np.uint8(SEPARATOR))
    kinds[(kinds == KEPT) & _alone()] |= ALONE
    return kinds[_lower()]


@cache
def _contamination_kinds() -> Bytes:
    kinds = np.full(LAST + 1, KEPT, np.uint8)
    kinds[in_category("P") | in_category("S") | in_category("Cf")] = DELETED
    kinds[in_category("M")] |= MARK
    kinds[(kinds == KEPT) & _alone()] |= ALONE
    kinds[points_of(r"\s")] = SEPARATOR
    return kinds[_lower()]


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


@kernel
def _segment(  # noqa: PLR0912, C901, PLR0915 - one pass, one state machine
    data: Bytes,
    offsets: Int64,
    kinds: Bytes,
    lower: Uint32,
    utf8: Bytes,
    starts: Int64,
    ends: Int64,
    text_starts: Int64,
    text_ends: Int64,
    first: Int64,
) -> tuple[int, int]:
    """Fills the arrays of ``Words``; returns the number of words and of bytes written."""
    num_words = size = 0
    for text in range(offsets.size - 1):
        first[text] = num_words
        base, end = offsets[text], offsets[text + 1]
        place, token = base, np.int64(-1)  # token: where the white-space token began, or the part of it that is not in a word yet
        in_word = after_alone = False
        while place < end:
            point, width = np.int64(data[np.uint64(place)]), 1
            if in_word and not after_alone:
                while point < 0x80 and kinds[np.uint64(point)] == KEPT:  # what most bytes are
                    utf8[np.uint64(size)] = lower[np.uint64(point)]
                    size += 1
                    place += 1
                    point = np.int64(data[np.uint64(place)]) if place < end else np.int64(_BLANK)
                if place == end:
                    break
            if point >= 0x80:
                found, width = character(data, place, end)
                point = np.int64(found)
            twice = point == 0x130
            kind = kinds[point]
            low = np.int64(lower[point])
            edge = place
            while True:
                if kind & KEPT:
                    is_mark = kind & MARK != 0
                    is_alone = kind & ALONE != 0
                    if in_word and not is_mark and (is_alone or after_alone):
                        ends[num_words - 1] = size
                        text_ends[num_words - 1] = edge - base
                        in_word = False
                        token = place
                    if not in_word:
                        if num_words:
                            utf8[size] = 0x20
                            size += 1
                        starts[num_words] = size
                        text_starts[num_words] = (place if token < 0 else token) - base
                        num_words += 1
                        in_word = True
                        after_alone = False
                    if low < 0x80:
                        utf8[size] = low
                        size += 1
                    else:
                        size = _encode(low, utf8, size)
                    if not is_mark:
                        after_alone = is_alone
                elif kind & DELETED:
                    if token < 0:
                        token = place
                else:
                    if in_word:
                        ends[num_words - 1] = size
                        text_ends[num_words - 1] = edge - base
                        in_word = False
                    token = np.int64(-1)
                if not twice:
                    break
                twice = False
                low = np.int64(0x307)
                kind = kinds[0x307]
                edge = place + width
            place += width
        if in_word:
            ends[num_words - 1] = size
            text_ends[num_words - 1] = end - base
    first[offsets.size - 1] = num_words
    return num_words, size
