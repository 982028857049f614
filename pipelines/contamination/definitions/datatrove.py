"""datatrove's n-grams of labels."""

# ruff: noqa: RUF001 - the characters that it deletes, fullwidth ones among them
from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from pipelines.contamination.definitions.base import Finder, Grams, Met, PartText, Token, definitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CONTROLS: Final = "".join(chr(point) for first, after in ((0, 9), (11, 13), (13, 32), (127, 160)) for point in range(first, after))
_PUNCTUATION: Final = frozenset("!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»" + _CONTROLS)
_NUMBER: Final = re.compile(r"\d+(?:[.,،٫⎖⎗⎘]\d+)?")


def words_of(text: str) -> list[Token]:
    """Words of ``simplify_text``: lower case, a number is 0, punctuation parts words, accents are gone."""
    simple = list(_simplified(text))
    words: list[Token] = []
    first = 0
    for place in range(len(simple) + 1):
        if place == len(simple) or simple[place][0].isspace():
            word = "".join(character for character, _, _ in simple[first:place])
            if word:
                words.append(Token(word, simple[first][1], simple[place - 1][2]))
            first = place + 1
    return words


def _simplified(text: str) -> Iterator[tuple[str, int, int]]:
    """Characters of the simple text, each with the place of what it was made of."""
    numbers = {match.start(): match.end() for match in _NUMBER.finditer(text)}
    whole = text.lower()
    lowered = (
        whole if len(whole) == len(text) else [character.lower() for character in text]
    )  # a capital sigma ends a word otherwise than it begins one
    place = 0
    while place < len(text):
        if place in numbers:
            yield "0", place, numbers[place]
            place = numbers[place]
            continue
        for lower in lowered[place]:
            if lower in _PUNCTUATION or lower.isspace():
                yield " ", place, place + 1
            else:
                yield from ((c, place, place + 1) for c in unicodedata.normalize("NFD", lower) if unicodedata.category(c) != "Mn")
        place += 1


@definitions("datatrove")
@dataclass(frozen=True, slots=True, kw_only=True)
class Datatrove:
    """``NGramsDecontFilter`` of datatrove: 12-grams of labels, and those that begin in the question and end in the label.

    Questions alone are not looked for unless asked. A label of fewer than 12 words is found only right behind its question. Not the same: datatrove
    cuts the simple text into words with spaCy, which parts a few more (cannot is two words); here white space does. It drops a document at the
    first match; here all matches are told, and the run file says what is done.
    """

    version: ClassVar[int] = 1
    ngram_words: int = 12  # words of an n-gram
    find_query: bool = False  # whether n-grams of the question alone are looked for
    find_overlap: bool = True  # whether n-grams that begin in the question and end in the label are looked for

    def finder(self, parts: Sequence[PartText]) -> Finder:
        """N-grams of labels, and where asked of questions and of both."""
        return _LabelGrams(self, parts)


class _LabelGrams:
    """N-grams of parts as they are, and of question and label in one text, which are told as the label's."""

    def __init__(self, definition: Datatrove, parts: Sequence[PartText]) -> None:
        n = definition.ngram_words
        labels = [number for number, part in enumerate(parts) if part.role != "input"]
        inputs = {(p.benchmark, p.item_id): p.text for p in parts if p.role == "input"}
        self._of_label = [number for number in labels if definition.find_overlap and (parts[number].benchmark, parts[number].item_id) in inputs]
        self._shifts = []
        both = []
        for number in self._of_label:
            part = parts[number]
            asked = inputs[part.benchmark, part.item_id]
            tail = words_of(asked)[-(n - 1) :]
            query = asked[tail[0].start :] if tail else ""
            both.append(PartText(benchmark=part.benchmark, item_id=part.item_id, role="both", text=f"{query}\n{part.text}"))
            self._shifts.append(len(query) + 1)
        self._num_parts = len(parts)
        self._grams = Grams([*parts, *both], words_of)
        for number in range(len(parts)):
            if number in set(labels) or definition.find_query:
                self._grams.add(number, n)
        for number, label in enumerate(self._of_label):
            self._add_overlap(len(parts) + number, len(self._grams.tokens[label]), n)

    def _add_overlap(self, number: int, label_words: int, n: int) -> None:
        tokens = self._grams.tokens[number]
        self._grams.tokens[number] = tokens[: len(tokens) - label_words + min(label_words, n - 1)]
        self._grams.add(number, n)

    @property
    def looked_for(self) -> list[bool]:
        """A label counts too where it is looked for behind its question."""
        found = self._grams.looked_for[: self._num_parts]
        for number, label in enumerate(self._of_label):
            found[label] = found[label] or self._grams.looked_for[self._num_parts + number]
        return found

    def find(self, text: str) -> list[Met]:
        """Runs in a text; of one across question and label, the place in the label is told."""
        return [self._told(met) for met in self._grams.find(text)]

    def _told(self, met: Met) -> Met:
        if met.part < self._num_parts:
            return met
        number = met.part - self._num_parts
        label, shift = self._of_label[number], self._shifts[number]
        words = [t for t in self._grams.tokens[label] if t.end + shift <= met.item_end]
        return Met(
            part=label, num_ngrams=met.num_ngrams, coverage=len(words) / len(self._grams.tokens[label]), start=met.start, end=met.end,
            item_start=words[0].start, item_end=words[-1].end,
        )  # fmt: skip
