"""What a definition of contamination is, and the n-grams that most of them are made of."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, runtime_checkable

from pipelines.contract.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class PartText:
    """A registered part. Question and answer as one text are no part here: a definition that wants that puts them together in its own way."""

    benchmark: str
    item_id: str
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """A word in a definition's normal form, and where it stands, in characters of the text. It may be empty."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A run of a text that is a run of a part, by a definition. Places are characters.

    Attributes:
        part: number of the part.
        num_ngrams: n-grams of the run.
        coverage: share of the part's words in the run.
        num_edits: words of the part within the run that the text does not have.
    """

    part: int
    num_ngrams: int
    coverage: float
    start: int
    end: int
    item_start: int
    item_end: int
    num_edits: int = 0


class Finder(Protocol):
    """Parts, ready to be looked for."""

    @property
    def looked_for(self) -> Sequence[bool]:
        """For each part whether it is looked for at all."""
        ...

    def find(self, text: str) -> list[Met]:
        """What of the parts stands in a text, by place."""
        ...


class Definition(Protocol):
    """Somebody's definition of contamination. Fields are its parameters, with the defaults of its authors.

    Laws of every definition: a text that holds no word of any part meets none; what is met lies inside text and part; empty text is a case.
    """

    version: ClassVar[int]

    def finder(self, parts: Sequence[PartText]) -> Finder:
        """What looks for these parts."""
        ...


@runtime_checkable
class LooksAround(Definition, Protocol):
    """A definition by which what stands elsewhere in a text has a say in whether a run is met, so that a run may be met once a number is replaced."""

    looks_around: ClassVar[bool]  # true; a definition that does not look around leaves it out


definitions: Final[Registry[Definition]] = Registry("definition of contamination", "pipelines.contamination.definitions")


class Grams:
    """N-grams of parts by their text, and the runs of them in a text.

    Args:
        tokens_of: words of a text.
        is_start: whether an n-gram of so many words may start at a word of a text of so many words: (word, length, words). None: wherever it fits.
    """

    def __init__(
        self, parts: Sequence[PartText], tokens_of: Callable[[str], list[Token]], is_start: Callable[[int, int, int], bool] | None = None
    ) -> None:
        """Cuts the parts into words; n-grams are added one part at a time."""
        self.tokens = [tokens_of(part.text) for part in parts]
        self._tokens_of = tokens_of
        self._is_start = is_start
        self._places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._first_words: set[str] = set()
        self._lengths: set[int] = set()
        self._is_added = [False] * len(parts)

    @property
    def looked_for(self) -> list[bool]:
        """For each part whether it has an n-gram."""
        return self._is_added

    def add(self, part: int, length: int) -> None:
        """All n-grams of a part, of so many words."""
        tokens = self.tokens[part]
        for word in range(len(tokens) - length + 1):
            self._places[" ".join(token.text for token in tokens[word : word + length])].append((part, word))
            self._first_words.add(tokens[word].text)
            self._lengths.add(length)
            self._is_added[part] = True

    def find(self, text: str) -> list[Met]:
        """Runs of n-grams, by place; n-grams that follow each other in text and part are one run."""
        tokens = self._tokens_of(text)
        words = [token.text for token in tokens]
        open_runs: dict[tuple[int, int], list[int]] = {}  # by part and length: first word, first word in the part, n-grams
        done: list[tuple[int, int, list[int]]] = []
        for word, first in enumerate(words):
            if first not in self._first_words:
                continue
            for length in self._lengths:
                if word + length > len(words) or (self._is_start and not self._is_start(word, length, len(words))):
                    continue
                for part, item_word in self._places.get(" ".join(words[word : word + length]), ()):
                    run = open_runs.get((part, length))
                    if run and run[0] + run[2] == word and run[1] + run[2] == item_word:
                        run[2] += 1
                    elif not run or run[0] + run[2] <= word:  # of several places in the part the first counts
                        open_runs[part, length] = [word, item_word, 1]
                        done.append((part, length, open_runs[part, length]))
        found = [self._met(tokens, part, length, run) for part, length, run in done]
        return sorted(found, key=lambda met: (met.start, met.end, met.part, met.item_start))

    def _met(self, tokens: list[Token], part: int, length: int, run: list[int]) -> Met:
        word, item_word, num_ngrams = run
        covered, held = num_ngrams + length - 1, self.tokens[part]
        return Met(
            part=part, num_ngrams=num_ngrams, coverage=covered / len(held), start=tokens[word].start, end=tokens[word + covered - 1].end,
            item_start=held[item_word].start, item_end=held[item_word + covered - 1].end,
        )  # fmt: skip
