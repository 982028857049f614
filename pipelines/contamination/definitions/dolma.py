"""Dolma's paragraphs."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from pipelines.contamination.definitions.base import Finder, Met, PartText, definitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WORD: Final = re.compile(r"\w+(?:['\u2019.:]\w+)*")


@definitions("dolma")
@dataclass(frozen=True, slots=True, kw_only=True)
class Dolma:
    """Whole paragraphs (Soldaini et al. 2024): a line of a document that is, letter for letter, a line of a part, and has 13 words or more.

    Not the same: Dolma asks a Bloom filter, which takes some paragraphs for others (1 in 100,000 in version 1.5); here there are no false ones. It
    counts the words of Unicode's annex 29, here they are runs of letters and digits, which apostrophes, full stops and colons may join.
    """

    version: ClassVar[int] = 1
    min_words: int = 13  # words of a paragraph at least

    def finder(self, parts: Sequence[PartText]) -> Finder:
        """The long paragraphs of all parts."""
        return _Paragraphs(parts, self.min_words)


class _Paragraphs:
    """Long paragraphs by their text."""

    def __init__(self, parts: Sequence[PartText], min_words: int) -> None:
        self._places: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
        self._shortest = 2 * min_words - 1  # characters of so many words
        self.looked_for = [False] * len(parts)
        for number, part in enumerate(parts):
            num_words = len(_WORD.findall(part.text))
            for start, paragraph in _lines(part.text):
                its_words = len(_WORD.findall(paragraph))
                if its_words >= min_words:
                    self._places[paragraph].append((number, start, its_words / num_words))
                    self.looked_for[number] = True

    def find(self, text: str) -> list[Met]:
        """Lines of a text that are paragraphs of parts."""
        return [
            Met(
                part=part, num_ngrams=1, coverage=share, start=start, end=start + len(line), item_start=item_start, item_end=item_start + len(line)
            )
            for start, line in _lines(text)
            if len(line) >= self._shortest
            for part, item_start, share in self._places.get(line, ())
        ]  # fmt: skip


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1
