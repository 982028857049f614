"""GPT-3's 13-grams, as the evaluation harness reproduces them."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from pipelines.contamination.definitions.base import Finder, Grams, PartText, Token, definitions

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD: Final = re.compile(r"\S+")
_TABLE: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase, string.punctuation)


def words_of(text: str) -> list[Token]:
    """Words between white space, in lower case and without punctuation, both of ASCII; a word of nothing but punctuation is an empty one."""
    return [Token(match[0].translate(_TABLE), match.start(), match.end()) for match in _WORD.finditer(text)]


@definitions("gpt3")
@dataclass(frozen=True, slots=True, kw_only=True)
class Gpt3:
    """N-grams of words (Brown et al. 2020, appendix C), found as lm-evaluation-harness's ``Janitor`` finds them, and cut as it cuts (`janitor`).

    A part of fewer words than an n-gram is not looked for. A word of nothing but punctuation counts in a text and not in a part, so that a dash in
    the text hides an item. GPT-3 also ignored n-grams met more than ten times, which is ``max_documents`` of the run file.
    """

    version: ClassVar[int] = 1
    ngram_words: int = 13  # words of an n-gram

    def finder(self, parts: Sequence[PartText]) -> Finder:
        """All n-grams of all parts."""
        grams = _Registered(parts)
        for part in range(len(parts)):
            grams.add(part, self.ngram_words)
        return grams


class _Registered(Grams):
    """Words of parts are those that punctuation leaves something of."""

    def __init__(self, parts: Sequence[PartText]) -> None:
        super().__init__(parts, words_of)
        self.tokens = [[token for token in tokens if token.text] for tokens in self.tokens]
