"""Some documents with what families share: texts, what is known of each, and segmentations that are computed once, when first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from pipelines.text.language import detect_all
from pipelines.text.line_counts import LineCounts, count_lines
from pipelines.text.segment import cut_spaceless
from pipelines.text.word_table import WordIds, word_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a row of a table of texts says of a document beside its text, as families may read it.
FACTS: Final = ("url", "source", "kind", "language", "language_score")


class DocumentBatch:
    """Some documents in order. What is not given is null (``urls``, ``sources``, ``kinds``) or found out (``languages``), once."""

    def __init__(self, texts: pa.Array, **facts: pa.Array) -> None:
        """Takes Arrow arrays: texts without nulls, and any of ``FACTS`` by name, as many as there are texts.

        Raises:
            TypeError: a fact that no document has.
        """
        unknown = sorted(set(facts) - set(FACTS))
        if unknown:
            raise TypeError(f"a document has no {unknown[0]!r}; facts are {', '.join(FACTS)}")
        self.texts = texts
        self._facts = facts

    @classmethod
    def of(cls, texts: Sequence[str], **facts: Sequence[str | None]) -> DocumentBatch:
        """From Python strings.

        >>> DocumentBatch.of(["One."], url=["https://a.example/"]).urls
        ['https://a.example/']
        """
        return cls(pa.array(list(texts), pa.string()), **{name: pa.array(list(values), pa.string()) for name, values in facts.items()})

    @classmethod
    def from_rows(cls, rows: pa.RecordBatch) -> DocumentBatch:
        """From rows of a table of texts; of the facts, those that it has."""
        return cls(rows.column("text"), **{name: rows.column(name) for name in FACTS if name in rows.schema.names})

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.texts)

    @cached_property
    def strings(self) -> list[str]:
        """The texts as Python strings."""
        return [str(t) for t in self.texts.to_pylist()]

    @cached_property
    def urls(self) -> list[str | None]:
        """Where each document comes from, if that is known."""
        return self._fact("url")

    @cached_property
    def sources(self) -> list[str | None]:
        """Name of each document's source."""
        return self._fact("source")

    @cached_property
    def kinds(self) -> list[str | None]:
        """What sort of document each is, as its source says."""
        return self._fact("kind")

    @cached_property
    def languages(self) -> list[tuple[str, float]]:
        """Most likely language of each text and its probability: what ``clean`` found, else found now."""
        if {"language", "language_score"} <= self._facts.keys():
            return list(zip(self._facts["language"].to_pylist(), self._facts["language_score"].to_pylist(), strict=True))
        codes, scores = detect_all(self.texts)
        return list(zip(codes.to_pylist(), scores.to_pylist(), strict=True))

    @cached_property
    def line_counts(self) -> LineCounts:
        """What is counted of the lines of each text."""
        return count_lines(self.texts)

    @cached_property
    def word_ids(self) -> WordIds:
        """``words`` as numbers, with facts of each: what compiled families work on."""
        return word_ids(self.texts)

    @cached_property
    def words(self) -> list[list[str]]:
        """Words and marks of each text as rules for English cut them, whatever its language: what datatrove's filters judge by default."""
        return self.word_ids.strings()

    @cached_property
    def language_words(self) -> list[list[str]]:
        """``words``, but where a script is written without spaces, one character is one word."""
        return [cut_spaceless(words) for words in self.words]

    def _fact(self, name: str) -> list[str | None]:
        return self._facts[name].to_pylist() if name in self._facts else [None] * len(self)
