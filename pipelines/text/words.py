r"""Words for shingles and for 13-grams, with their places in the UTF-8 bytes of a text.

Two definitions, each as its field has it. *Shingle words* are runs of ``\\w`` in lower case. *N-gram words* are white-space words in lower case with
punctuation deleted (Brown et al. 2020, appendix C, as the evaluation harness has it); a word that is nothing but punctuation is no word.
In scripts that are written without spaces one character is one word, in both; that part is ours.
"""

from __future__ import annotations

import re
import string
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

# Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar
SPACELESS: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SHINGLE_WORD: Final = re.compile(rf"[{SPACELESS}]|(?:(?![{SPACELESS}])\w)+")
_CHUNK: Final = re.compile(rf"[{SPACELESS}]|[^\s{SPACELESS}]+")
_ASCII_PUNCTUATION: Final = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a text in order; word i stands in bytes ``starts[i]`` to ``ends[i]``."""

    words: list[str]
    starts: list[int]
    ends: list[int]


def words_for_shingles(text: str) -> list[str]:
    """Runs of word characters in lower case.

    >>> words_for_shingles("It's 東京!")
    ['it', 's', '東', '京']
    """
    return _SHINGLE_WORD.findall(text.lower())


def words_for_ngrams(text: str) -> Words:
    """White-space words, lower case, punctuation deleted, with byte offsets of the words as they stand in the text.

    >>> words_for_ngrams("Say: 'Hello', world - now").words
    ['say', 'hello', 'world', 'now']
    """
    is_ascii = text.isascii()
    words, starts, ends = [], [], []
    at_characters = at_bytes = 0
    for match in _CHUNK.finditer(text):
        word = _normal(match[0])
        if not word:
            continue
        start, end = match.span()
        if is_ascii:
            start_byte, end_byte = start, end
        else:
            start_byte = at_bytes + len(text[at_characters:start].encode())
            end_byte = start_byte + len(match[0].encode())
            at_characters, at_bytes = end, end_byte
        words.append(word)
        starts.append(start_byte)
        ends.append(end_byte)
    return Words(words, starts, ends)


def count_words(text: str) -> int:
    """Number of n-gram words."""
    return sum(1 for chunk in _CHUNK.findall(text) if _normal(chunk))


@lru_cache(maxsize=1 << 17)
def _normal(chunk: str) -> str:
    if chunk.isascii():
        return chunk.lower().translate(_ASCII_PUNCTUATION)
    return "".join(c for c in chunk.lower() if unicodedata.category(c)[0] not in "PS")
