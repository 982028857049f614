"""Segmentations of a text: lines, paragraphs, and words as spaCy's rules for English cut them (what datatrove calls words)."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from pipelines.text.lean_imports import without

with without("torch", "transformers"):  # spaCy imports both if it can, for models not used here: 12 s of CPU in every worker
    from spacy.lang.en import English

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINES: Final = re.compile(r"\n+")
_PARAGRAPHS: Final = re.compile(r"\n{2,}")
# A longer run without white space is one word: the rules take time that grows with its square (12 s for 10,000 apostrophes), and it is no prose.
_MAX_CHUNK: Final = 1000
_MAX_REMEMBERED: Final = 64  # longer runs hardly come twice


def paragraphs(text: str) -> list[str]:
    """Pieces between empty lines of the stripped text."""
    return _PARAGRAPHS.split(text.strip())


def lines(text: str) -> list[str]:
    """Pieces between runs of line breaks; a text that ends with one has an empty last piece."""
    return _LINES.split(text)


def language_words(texts: Iterable[str]) -> list[list[str]]:
    """Words and marks of each text, as spaCy's blank English pipeline cuts them.

    Cutting each run between white space by itself gives what cutting the whole text gives, and most runs were met before.

    >>> language_words(["It's 9 a.m., isn't it?"])
    [['It', "'s", '9', 'a.m.', ',', 'is', "n't", 'it', '?']]
    """
    with _english().memory_zone():  # else spaCy keeps every word that it ever met: 460 bytes each
        return [[word for chunk in text.split() for word in (_remembered(chunk) if len(chunk) <= _MAX_REMEMBERED else _cut(chunk))] for text in texts]


@cache
def _english() -> English:
    with without("torch", "transformers"):  # making a pipeline looks at every component that spaCy knows, and so imports what they import
        return English()


def _cut(chunk: str) -> tuple[str, ...]:
    tokenizer = _english().tokenizer
    if len(chunk) > _MAX_CHUNK or (chunk.isalpha() and chunk not in tokenizer.rules):  # no rule but these exceptions cuts between letters
        return (chunk,)
    return tuple(word for token in tokenizer(chunk) if (word := token.text.strip()))


_remembered = lru_cache(maxsize=1 << 17)(_cut)
