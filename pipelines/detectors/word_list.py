"""Terms of a file of the user's: names of customers, of projects, of people who asked to be left out."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from pipelines.contract.errors import ConfigError
from pipelines.detectors.base import Span, detectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Terms = Mapping[str, tuple[tuple[str, ...], ...]]  # first word -> terms, longest first

_WORD: Final = re.compile(r"\w+")
# An entity has an underscore in its name, and no person has one: so what scrub writes is told from a name between angle brackets.
_ENTITY: Final = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+)+")
_WRITTEN: Final = re.compile(rf"<{_ENTITY.pattern}(?::[a-p]{{16}})?>")
_LONGEST_GAP: Final = 3  # characters between two words of a term: ", " or a line break with an indent


@detectors("word_list")
@dataclass(frozen=True, kw_only=True)
class WordList:
    """The terms of a file, one a line; blank lines and lines that begin with ``#`` are none.

    A term is met as whole words in its order, whatever their case and the little that stands between them: "Jane Roe" in "JANE, ROE", not in
    "Janet Roe". ``entity`` is the word of the placeholder.
    """

    version: ClassVar[int] = 1
    path: Path  # a file of terms, one a line
    entity: str = "LISTED_TERM"  # what the placeholder says; capitals and digits with an underscore between

    def __post_init__(self) -> None:
        """Rejects names that a placeholder could not be told by."""
        if not _ENTITY.fullmatch(self.entity):
            raise ValueError(f"entity {self.entity!r} must be capitals and digits with an underscore between, such as LISTED_TERM")

    @property
    def entities(self) -> tuple[str, ...]:
        """The one that was chosen."""
        return (self.entity,)

    def data(self) -> dict[str, str]:
        """The file's hash: other terms under the same path are another detector.

        Raises:
            ConfigError: the file cannot be read.
        """
        return {self.path.name: hashlib.sha256(_read(self.path)).hexdigest()}

    def find(self, text: str) -> list[Span]:
        """Spans in order; of terms that begin at one word, the longest.

        Raises:
            ConfigError: the file cannot be read, is not UTF-8, or holds a term without a word.
        """
        status = self.path.stat() if self.path.is_file() else None
        terms = _terms(self.path, status.st_mtime_ns if status else 0, status.st_size if status else 0)
        words = list(_words(text))
        return [
            Span(start=words[place][0], end=words[last][1], entity=self.entity, score=1.0, recognizer="WordList")
            for place in range(len(words))
            for last in _met(words, place, terms)
        ]


def _words(text: str) -> Iterator[tuple[int, int, str]]:
    """Words outside of what scrub writes."""
    written = [match.span() for match in _WRITTEN.finditer(text)]
    number = 0
    for match in _WORD.finditer(text):
        while number < len(written) and written[number][1] <= match.start():
            number += 1
        if number == len(written) or match.start() < written[number][0]:
            yield match.start(), match.end(), match[0].casefold()


def _met(words: list[tuple[int, int, str]], place: int, terms: Terms) -> Iterator[int]:
    """The last word of the longest term that begins at a place, if one does."""
    for term in terms.get(words[place][2], ()):
        here = words[place : place + len(term)]
        if tuple(word for _, _, word in here) == term and all(b[0] - a[1] <= _LONGEST_GAP for a, b in pairwise(here)):
            yield place + len(term) - 1
            return


@lru_cache(maxsize=8)
def _terms(path: Path, modified_ns: int, size: int) -> Terms:  # noqa: ARG001 - a file that changed is read again
    try:
        lines = _read(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8; save the list of terms as UTF-8, one a line") from None
    found: dict[str, set[tuple[str, ...]]] = {}
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            term = tuple(word.casefold() for word in _WORD.findall(line))
            if not term:
                raise ConfigError(f"{path}: line {number} holds no word; a term is letters or digits, and a comment begins with #")
            found.setdefault(term[0], set()).add(term)
    return {first: tuple(sorted(of_first, key=lambda term: (-len(term), term))) for first, of_first in found.items()}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: the list of terms cannot be read ({type(error).__name__}); name another path in scrub.detectors") from None
