"""Facts of words, found once for each: how many characters, whether a letter or more than marks, which stop word, what it is to a sentence."""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.characters import LAST, LETTER, character, in_category, letters
from pipelines.text.compile import kernel
from pipelines.text.english import end_marks
from pipelines.text.marks import symbols
from pipelines.text.word_forms import SPACELESS

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Int32 = npt.NDArray[np.int32]
    Int64 = npt.NDArray[np.int64]
    Uint64 = npt.NDArray[np.uint64]

# What a character is, in bits beside LETTER.
_SYMBOL: Final = 2
_PUNCTUATION: Final = 4
_END_MARK: Final = 8
_MARK: Final = 16  # belongs to the character before it
_ALONE: Final = 32  # of a script written without spaces

# Columns of facts. A word that is a mark, or of marks alone, is not real; characters are code points.
NUM_WORDS: Final = 0
NUM_REAL: Final = 1
REAL_CHARACTERS: Final = 2
NUM_ALPHABETIC: Final = 3  # words with a letter
MET_STOP_WORDS: Final = 4  # a bit for each of STOP_WORDS
CHARACTERS: Final = 5
SENTENCE_PART: Final = 6
NUM_FACTS: Final = 7

IS_PUNCTUATION: Final = 1  # goes on with the sentence that it stands behind
IS_END_MARK: Final = 2

# Gopher's stop words (Rae et al. 2021, table A1).
STOP_WORDS: Final = ("the", "be", "to", "of", "and", "that", "have", "with")
_LONGEST_STOP_WORD: Final = 4


def describe(utf8: Bytes, starts: Int64, known: int, facts: Int32, *, by_language: bool) -> None:
    """Fills the rows of facts from ``known`` on for the words ``utf8[starts[i] : starts[i + 1]]``: int32[words, NUM_FACTS].

    By language they are those of a word's pieces: in scripts written without spaces one character, with its combining marks, is a word.
    """
    _describe(utf8, starts, known, _classes(), by_language, _stop_words(), facts)


def added_up(ids: Int32, first: Int64, facts: Int32) -> Int64:
    """Facts of each text's words added up, in columns up to ``MET_STOP_WORDS``, of which each bit is there if a word has it: int64[N, 5]."""
    totals = np.zeros((len(first) - 1, MET_STOP_WORDS + 1), np.int64)
    _add_up(ids, first, facts, totals)
    return totals


@cache
def _classes() -> Bytes:
    classes = letters() * np.uint8(LETTER) | in_category("P") * np.uint8(_PUNCTUATION)
    marks = in_category("M")
    alone = np.zeros(LAST + 1, np.bool_)
    for low, high in SPACELESS:
        alone[low : high + 1] = True
    classes |= marks * np.uint8(_MARK) | (alone & ~marks) * np.uint8(_ALONE)
    for bit, members in ((_SYMBOL, symbols()), (_END_MARK, end_marks())):
        classes[[ord(member) for member in members]] |= bit
    return classes


@cache
def _stop_words() -> Uint64:
    """Each as its bytes and, above them, their number: a word with a NUL behind it is another word."""
    packed = [int.from_bytes(word.encode(), "little") | len(word) << 8 * _LONGEST_STOP_WORD for word in STOP_WORDS]
    return np.array(packed, np.uint64)


@kernel
def _add_up(ids: Int32, first: Int64, facts: Int32, totals: Int64) -> None:
    """Adds up facts of each text's words."""
    for text in range(len(totals)):
        for i in range(first[text], first[text + 1]):
            word = ids[i]
            for fact in range(MET_STOP_WORDS):
                totals[text, fact] += facts[word, fact]
            totals[text, MET_STOP_WORDS] |= facts[word, MET_STOP_WORDS]


@kernel
def _describe(utf8: Bytes, starts: Int64, first: int, classes: Bytes, by_language: bool, stop_words: Uint64, facts: Int32) -> None:  # noqa: FBT001
    """Fills facts of words from ``first`` on. A word is one piece, or by language as many as it has characters of scripts without spaces."""
    for row in range(first, len(facts)):
        facts[row] = 0
        place, end = starts[row], starts[row + 1]
        are_marks = np.uint8(_PUNCTUATION)
        begin, characters, shared, united = place, 0, np.uint8(0xFF), np.uint8(0)
        after_alone = False
        while place < end:
            point, width = character(utf8, place, end)
            what = classes[point]
            are_marks &= what
            united |= what
            shared &= what
            characters += 1
            facts[row, CHARACTERS] += 1
            place += width
            if what & _MARK == 0:
                after_alone = what & _ALONE != 0
            is_last = place == end
            if by_language and not is_last:
                following = classes[character(utf8, place, end)[0]]
                is_last = following & _ALONE != 0 or (after_alone and following & _MARK == 0)
            if is_last:
                facts[row, NUM_WORDS] += 1
                facts[row, NUM_ALPHABETIC] += united & LETTER != 0
                if shared & _SYMBOL == 0:
                    facts[row, NUM_REAL] += 1
                    facts[row, REAL_CHARACTERS] += characters
                if place - begin <= _LONGEST_STOP_WORD:
                    packed = np.uint64(place - begin) << np.uint64(8 * _LONGEST_STOP_WORD)
                    for i in range(place - begin):
                        packed |= np.uint64(utf8[begin + i]) << np.uint64(8 * i)
                    for i in range(stop_words.size):
                        facts[row, MET_STOP_WORDS] |= (stop_words[i] == packed) << i
                begin, characters, shared, united = place, 0, np.uint8(0xFF), np.uint8(0)
                after_alone = False
        one = facts[row, CHARACTERS] == 1
        facts[row, SENTENCE_PART] = IS_END_MARK if one and what & _END_MARK else IS_PUNCTUATION if are_marks else 0
