r"""Pre-tokens: the pieces that a byte-level BPE never merges across.

They are what the regular expression of GPT-2 matches (Radford et al. 2019, as in the pre-tokenizer ``ByteLevel`` of the library ``tokenizers``):

    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+

Every character is white space, a letter, a number or something else, so the matches tile a text. What each character is, the library's own regular
expressions are asked: another version of Unicode would cut other pieces.
"""

# UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR2004

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from tokenizers import Regex, pre_tokenizers

from pipelines.text.compile import inlined, kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Int64 = npt.NDArray[np.int64]

OTHER: Final = 0
SPACE: Final = 3
_KINDS: Final = ((r"\p{L}", 1), (r"\p{N}", 2), (r"\s", SPACE))
_RUNS: Final = "|".join(f"{pattern}+" for pattern, _ in _KINDS)
_NUM_CHARACTERS: Final = 0x110000
_PLANE: Final = 0x10000
_PLANES: Final = (0, 1, 2, 3, 14)  # Unicode has assigned nothing in planes 4 to 13; 15 and 16 are for private use: neither letters nor numbers
_BLANK: Final = ord(" ")
_APOSTROPHE: Final = ord("'")
_D, _E, _L, _M, _R, _S, _T, _V = (ord(letter) for letter in "delmrstv")


@cache
def character_ranges() -> tuple[tuple[int, int], ...]:
    """Where each run of characters of one kind begins, and its kind: takes a moment to find out, and is small enough to be sent to every worker."""
    return tuple(found for plane in _PLANES for found in (*_ranges_from(plane * _PLANE), ((plane + 1) * _PLANE, OTHER)))


def kinds_of(ranges: tuple[tuple[int, int], ...]) -> Bytes:
    """The kind of every character: uint8[1,114,112]."""
    starts, kinds = np.array(ranges).T
    return np.repeat(kinds.astype(np.uint8), np.diff(starts, append=_NUM_CHARACTERS))


def _ranges_from(first: int) -> list[tuple[int, int]]:
    codes = [code for code in range(first, first + _PLANE) if not 0xD800 <= code < 0xE000]  # surrogates are no characters
    text = "".join(map(chr, codes))
    starts = [start for _, (start, _) in pre_tokenizers.Split(Regex(_RUNS), "isolated").pre_tokenize_str(text)]
    kinds = [OTHER] * len(starts)
    for pattern, kind in _KINDS:
        matches = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
        for _, (start, end) in matches.pre_tokenize_str("".join(text[place] for place in starts)):
            kinds[start:end] = [kind] * (end - start)
    return [(codes[start], kind) for start, kind in zip(starts, kinds, strict=True)]


def cut(offsets: Int64, utf8: Bytes, kinds: Bytes) -> tuple[Int64, Int64]:
    """Where each pre-token begins, and behind them where the last ends; and which is the first of each text, and behind them how many there are."""
    places = np.empty(int(offsets[-1] - offsets[0]) + 1, np.int64)  # as many as bytes at most; what is not written takes no memory
    firsts = np.empty(len(offsets), np.int64)
    return places[: _cut(offsets, utf8, kinds, places, firsts) + 1], firsts


@kernel
def _cut(offsets: Int64, utf8: Bytes, kinds: Bytes, places: Int64, firsts: Int64) -> int:
    count = 0
    for text in range(offsets.size - 1):
        firsts[text] = count
        at = offsets[text]
        while at < offsets[text + 1]:
            places[count] = at
            count += 1
            at = _end(utf8, at, offsets[text + 1], kinds)
    firsts[offsets.size - 1] = count
    places[count] = offsets[offsets.size - 1]
    return count


@inlined
def _character(utf8: Bytes, at: int) -> tuple[np.int64, int]:
    """The character that begins there, and the number of its bytes."""
    lead = np.int64(utf8[at])
    if lead < 0x80:
        return lead, 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | utf8[at + 1] & 0x3F, 2
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | (utf8[at + 1] & 0x3F) << 6 | utf8[at + 2] & 0x3F, 3
    return (lead & 0x07) << 18 | (utf8[at + 1] & 0x3F) << 12 | (utf8[at + 2] & 0x3F) << 6 | utf8[at + 3] & 0x3F, 4


@inlined
def _contraction(utf8: Bytes, at: int, end: int) -> int:
    """Number of bytes of what is clipped to a word behind an apostrophe: of s, t, re, ve, m, ll or d; 0 if none is there."""
    if at >= end:
        return 0
    first = utf8[at]
    if first in {_S, _T, _M, _D}:
        return 1
    if at + 1 >= end:
        return 0
    second = utf8[at + 1]
    return 2 if (second == _E and first in {_R, _V}) or (second == _L and first == _L) else 0


@inlined
def _end(utf8: Bytes, at: int, end: int, kinds: Bytes) -> int:
    """Where the pre-token ends that begins at ``at`` in a text that ends at ``end``."""
    code, width = _character(utf8, at)
    kind = kinds[code]
    after = at + width
    if code == _APOSTROPHE:
        clipped = _contraction(utf8, after, end)
        if clipped:
            return after + clipped
    elif code == _BLANK and after < end:  # one blank belongs to what follows it
        code, width = _character(utf8, after)
        if kinds[code] != SPACE:
            kind = kinds[code]
            after += width
    last = at
    while after < end:
        code, width = _character(utf8, after)
        if kinds[code] != kind:
            return last if kind == SPACE and last > at else after  # the last of several white-space characters is left to what follows
        last = after
        after += width
    return after
