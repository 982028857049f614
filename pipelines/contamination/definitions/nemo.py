"""NeMo Curator's task decontamination."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from pipelines.contamination.definitions.base import Finder, Grams, PartText, Token, definitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DELETED: Final = frozenset(string.punctuation)


def words_of(text: str) -> list[Token]:
    """What blanks part once punctuation is gone, in lower case: a line break parts no words, as in ``get_words`` of NeMo Curator."""
    found = [_token(run) for run in _runs(text)]
    return found[1:] if found and not found[0].text else found


def _runs(text: str) -> Iterator[list[tuple[str, int]]]:
    run: list[tuple[str, int]] = []
    for place, character in enumerate(text):
        if character == " ":
            if run:
                yield run
            run = []
        elif character not in _DELETED:
            run.append((character, place))
    if run:
        yield run


def _token(run: list[tuple[str, int]]) -> Token:
    word = "".join(character for character, _ in run)
    kept = [place for character, place in run if not character.isspace()] or [run[0][1]]
    return Token(word.lower().strip(), kept[0], kept[-1] + 1)


@definitions("nemo")
@dataclass(frozen=True, slots=True, kw_only=True)
class Nemo:
    """``TaskDecontamination`` of NeMo Curator 0.x: 13-grams, and parts of 8 to 12 words whole; in documents of 13 words or more.

    In a document a short part is looked for where 13 words follow from its first word on, and anywhere in the last 13 if there are more than 13.
    Not the same: NeMo Curator goes on behind a match with places of the text without punctuation in the text with it, so that its cuts drift by as
    many characters as there was punctuation; here places are right. N-grams met more than ten times are ``max_documents`` of the run file; it
    counts matches, we count documents.
    """

    version: ClassVar[int] = 1
    ngram_words: int = 13  # words of an n-gram
    min_words: int = 8  # parts of this many words up to ngram_words - 1 are looked for whole

    def finder(self, parts: Sequence[PartText]) -> Finder:
        """N-grams of long parts, and short parts whole."""
        grams = Grams(parts, words_of, self._is_start)
        for part, tokens in enumerate(grams.tokens):
            if len(tokens) >= self.min_words:
                grams.add(part, min(len(tokens), self.ngram_words))
        return grams

    def _is_start(self, word: int, length: int, num_words: int) -> bool:
        last = num_words - self.ngram_words
        return 0 <= word <= last or (length < self.ngram_words and word >= last > 0)
