"""A corpus of any size, the same from one seed, written as it is made: texts of 300 bytes to 3 kB, duplicates in clusters of a power law's sizes.

Words follow the law of Zipf and Mandelbrot, so that new ones keep coming as in real text (Heaps' law, an exponent of about 0.6). A cluster is a text
and its copies, word for word or with some words changed, so that similarities lie on both sides of 0.8; its copies stand anywhere in the next
twentieth of the corpus. About one document in seven is a copy, as in real crawls, whatever the size of the corpus; the largest cluster grows with it.
Some documents hold an address, a phone number, mojibake, or a benchmark's item.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SHORTEST, _LONGEST, _LENGTH_TAIL = 300, 3000, 1.6  # bytes: a bounded Pareto law, 614 on average
_WORD_SCALE, _WORD_TAIL = 30.0, 0.7  # Zipf and Mandelbrot: P(rank > x) = (1 + x / scale) ^ -tail
_BYTES_A_WORD: Final = 4.8
_CLUSTER_TAIL: Final = 3.5  # P(size) falls with its power of this: 1.19 documents a cluster
_SPREAD: Final = 20  # copies lie within one part in so many of the corpus
_EXACT: Final = 0.4  # share of copies that are word for word
_MOST_CHANGED: Final = 0.06  # share of the words of a near copy
_BATCH: Final = 1000  # rows of a row group: even small corpora keep every worker busy
_SCHEMA: Final = pa.schema([("id", pa.string()), ("text", pa.string())])
_SYLLABLES: Final = [c + v for c in "bdfghklmnprstvwz" for v in ("a", "e", "i", "o", "u", "ai", "ou", "er")]
_LINES_OF_LINKS: Final = (
    "the of and to a in that is with for it as was on be by this at from have are or not but an they which you one all were when we there can more",
    "if no been has who its some would them than other into only time two may then do could about new these also any like first out so what up",
)
_LINKS: Final = tuple(word for line in _LINES_OF_LINKS for word in line.split())


def write_corpus(path: Path, num_documents: int, seed: int = 1, items: tuple[str, ...] = ()) -> int:
    """Writes columns id and text; returns the bytes of all texts. ``items`` are quoted now and then."""
    num_bytes, rows = 0, list[tuple[str, str]]()
    made = documents(num_documents, seed, items)
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        for number, text in enumerate(made):
            rows.append((f"{number:08d}", text))
            num_bytes += len(text.encode())
            if len(rows) == _BATCH or number == num_documents - 1:
                ids, texts = zip(*rows, strict=True)
                writer.write_table(pa.table({"id": ids, "text": texts}, _SCHEMA))
                rows.clear()
    return num_bytes


def documents(num_documents: int, seed: int = 1, items: tuple[str, ...] = ()) -> Iterator[str]:
    """So many texts. Only the places of copies still to come are held, never a text."""
    draw = np.random.default_rng([seed, 0])
    waiting: list[tuple[int, int, int]] = []  # place, cluster, copy
    cluster, spread = 0, max(1, num_documents // _SPREAD)
    for place in range(num_documents):
        if waiting and waiting[0][0] <= place:
            _, original, copy = heapq.heappop(waiting)
            yield _Original.of(seed, original, items).copy(seed, copy)
            continue
        cluster += 1
        for copy in range(1, _cluster_size(draw)):
            heapq.heappush(waiting, (place + 1 + int(draw.integers(spread)), cluster, copy))
        yield _Original.of(seed, cluster, items).text()


@dataclass(frozen=True, slots=True)
class _Original:
    """A text as words with what follows each, so that a copy can have others."""

    number: int
    words: tuple[str, ...]
    marks: tuple[str, ...]
    extra: str

    @classmethod
    def of(cls, seed: int, number: int, items: tuple[str, ...]) -> _Original:
        draw = np.random.default_rng([seed, 1, number])
        share = draw.random() * (1 - (_SHORTEST / _LONGEST) ** _LENGTH_TAIL)
        count = int(_SHORTEST * (1 - share) ** (-1 / _LENGTH_TAIL) / _BYTES_A_WORD)
        kinds = draw.random(count)
        marks = tuple("\n\n" if kind < 0.01 else ".\n" if kind < 0.02 else ". " if kind < 0.09 else ", " if kind < 0.14 else " " for kind in kinds)
        return cls(number, words(draw, count), marks, _extra(number, items))

    def text(self, changed: dict[int, str] | None = None) -> str:
        pieces, is_first = [], True
        for number, (word, mark) in enumerate(zip(self.words, self.marks, strict=True)):
            shown = (changed or {}).get(number, word)
            pieces += [shown.capitalize() if is_first else shown, mark]
            is_first = mark not in (" ", ", ")
        return "".join(pieces).rstrip(" ,\n.") + "." + self.extra

    def copy(self, seed: int, number: int) -> str:
        draw = np.random.default_rng([seed, 2, self.number, number])
        if draw.random() < _EXACT:
            return self.text()
        count = 1 + int(draw.random() * _MOST_CHANGED * len(self.words))
        places = draw.integers(len(self.words), size=count).tolist()
        return self.text(dict(zip(places, words(draw, count), strict=True)))


def words(draw: np.random.Generator, count: int) -> tuple[str, ...]:
    """Words by rank: first those that hold sentences together, then made-up ones of two syllables or more."""
    ranks = _WORD_SCALE * ((1 - draw.random(count)) ** (-1 / _WORD_TAIL) - 1)
    return tuple(_word(int(rank)) for rank in ranks)


@lru_cache(maxsize=1 << 17)
def _word(rank: int) -> str:
    if rank < len(_LINKS):
        return _LINKS[rank]
    rank, spelled = rank + len(_SYLLABLES), ""
    while rank:
        rank, syllable = divmod(rank, len(_SYLLABLES))
        spelled += _SYLLABLES[syllable]
    return spelled


def _cluster_size(draw: np.random.Generator) -> int:
    return int(draw.zipf(_CLUSTER_TAIL))


def _extra(number: int, items: tuple[str, ...]) -> str:
    """What later steps look for, in some texts."""
    if number % 40 == 1:
        return f"\nWrite to anna.{number}@example.org or call +44 20 7946 0{number % 1000:03d}."
    if number % 200 == 2:
        return " The cafÃ© was open."
    if items and number % 500 == 3:
        return "\n" + items[number // 500 % len(items)]
    return ""
