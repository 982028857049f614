"""Segmentations of a text: lines, paragraphs, and words and sentences as spaCy's rules for English cut them (what datatrove calls by these names).

Scripts written without spaces have no words to cut by rule: there one character is one word, as in ``pipelines.text.words``.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from pipelines.text.english import MAX_CHUNK, end_marks, english, memory_zone
from pipelines.text.words import SPACELESS

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINES: Final = re.compile(r"\n+")
_PARAGRAPHS: Final = re.compile(r"\n{2,}")
_CHUNKS: Final = re.compile(r"\S+|\s{2,}|[^\S ]")  # white space is a word of its own for spaCy unless it is one blank
_MAX_REMEMBERED: Final = 64  # longer runs hardly come twice


def paragraphs(text: str) -> list[str]:
    """Pieces between empty lines of the stripped text."""
    return _PARAGRAPHS.split(text.strip())


def lines(text: str) -> list[str]:
    """Pieces between runs of line breaks; a text that ends with one has an empty last piece."""
    return _LINES.split(text)


def english_words(texts: Iterable[str]) -> list[list[str]]:
    """Words and marks of each text, as spaCy's blank English pipeline cuts them.

    Cutting each run between white space by itself gives what cutting the whole text gives, and most runs were met before.

    >>> english_words(["It's 9 a.m., isn't it?"])
    [['It', "'s", '9', 'a.m.', ',', 'is', "n't", 'it', '?']]
    """
    with memory_zone():
        return [[word for chunk in text.split() for word in (_remembered(chunk) if len(chunk) <= _MAX_REMEMBERED else _cut(chunk))] for text in texts]


def cut_spaceless(words: Iterable[str]) -> list[str]:
    """The words, with each character of a script written without spaces a word by itself, its combining marks beside it.

    >>> cut_spaceless(["東京タワー", "is", "tall"])
    ['東', '京', 'タ', 'ワ', 'ー', 'is', 'tall']
    """
    return [piece for word in words for piece in ((word,) if word.isascii() else _spaceless().findall(word))]


def count_sentences(line: str) -> int:
    """Sentences of a line, as spaCy's ``sentencizer`` counts them: one begins with the first word after an end mark that is no punctuation.

    Call it in a ``memory_zone`` where many lines are counted.

    >>> count_sentences("One. (Two!) Three"), count_sentences("At 9 a.m. it rains..."), count_sentences("")
    (3, 1, 0)
    """
    begun, after_mark = 0, 0
    for chunk in _CHUNKS.findall(line.strip()):
        begins, after_mark = _sentences(chunk)[after_mark] if len(chunk) <= _MAX_REMEMBERED else _sentences_anew(chunk)[after_mark]
        begun += begins
    return begun + bool(line.strip())


@cache
def _spaceless() -> re.Pattern[str]:
    marks = {c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c).startswith("M")}
    alone = [chr(point) for low, high in SPACELESS for point in range(low, high + 1) if chr(point) not in marks]
    return re.compile(f"[{''.join(alone)}][{''.join(sorted(marks))}]*|[^{''.join(alone)}]+")


def _cut(chunk: str) -> tuple[str, ...]:
    tokenizer = english().tokenizer
    if len(chunk) > MAX_CHUNK or (chunk.isalpha() and chunk not in tokenizer.rules):  # no rule but these exceptions cuts between letters
        return (chunk,)
    return tuple(word for token in tokenizer(chunk) if (word := token.text.strip()))


def _sentences_anew(chunk: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many sentences begin in a chunk and whether it leaves an end mark open, for each of: none is open before it, one is."""
    words = ("",) if chunk.isspace() else _remembered(chunk) if len(chunk) <= _MAX_REMEMBERED else _cut(chunk)
    found = []
    for after_mark in (0, 1):
        begun, is_open = 0, after_mark
        for word in words:
            is_mark = word in end_marks()
            begins = bool(is_open) and not is_mark and not _is_punctuation(word)
            begun += begins
            is_open = 0 if begins else is_open or int(is_mark)
        found.append((begun, is_open))
    return found[0], found[1]


def _is_punctuation(word: str) -> bool:
    return bool(word) and all(unicodedata.category(c).startswith("P") for c in word)


_remembered = lru_cache(maxsize=1 << 17)(_cut)
_sentences = lru_cache(maxsize=1 << 17)(_sentences_anew)
