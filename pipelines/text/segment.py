"""Segmentations of a text: lines, paragraphs, and words as spaCy's rules for English cut them (what datatrove calls words)."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from pipelines.text.lean_imports import without

with without("torch", "transformers"):  # spaCy imports both if it can, for models not used here: 12 s of CPU in every worker
    from spacy.lang.en import English

if TYPE_CHECKING:
    from spacy.tokenizer import Tokenizer

_LINES: Final = re.compile(r"\n+")
_PARAGRAPHS: Final = re.compile(r"\n{2,}")
_MAX_CHUNK: Final = 10_000  # a run without white space longer than this is one word: the rules are quadratic, and such a run is no prose


def paragraphs(text: str) -> list[str]:
    """Pieces between empty lines of the stripped text."""
    return _PARAGRAPHS.split(text.strip())


def lines(text: str) -> list[str]:
    """Pieces between runs of line breaks; a text that ends with one has an empty last piece."""
    return _LINES.split(text)


def language_words(text: str) -> list[str]:
    """Words and marks, as spaCy's blank English pipeline cuts them.

    Cutting each run between white space by itself gives what cutting the whole text gives, and most runs were met before.

    >>> language_words("It's 9 a.m., isn't it?")
    ['It', "'s", '9', 'a.m.', ',', 'is', "n't", 'it', '?']
    """
    return [word for chunk in text.split() for word in _cut(chunk)]


@cache
def _tokenizer() -> Tokenizer:
    with without("torch", "transformers"):  # making a pipeline looks at every component that spaCy knows, and so imports what they import
        return English().tokenizer


@lru_cache(maxsize=1 << 17)
def _cut(chunk: str) -> tuple[str, ...]:
    if len(chunk) > _MAX_CHUNK:
        return (chunk,)
    return tuple(word for token in _tokenizer()(chunk) if (word := token.text.strip()))
