"""Registered items under somebody else's definition of contamination, in the place of the index of n-grams."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contamination.claims import Hit
from pipelines.contamination.definitions.base import Definition, Finder, LooksAround, Met, PartText
from pipelines.contamination.names import Names
from pipelines.contamination.parts import ROLES
from pipelines.contract.parts import Table, read_table
from pipelines.contract.schema import JOINED
from pipelines.text.words import contamination_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    Int64 = npt.NDArray[np.int64]

_FOREIGN: Final = "\ue000"  # of no meaning in Unicode
_ORDER: Final = [(name, "ascending") for name in ("benchmark", "item_id", "part")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedSource:
    """What such an index is made of, as far as another process needs to know to make the same one."""

    items: Table
    definition: Definition
    parts: tuple[str, ...] = ROLES
    benchmarks: frozenset[str] | None = None  # those that are looked for; None: all


@lru_cache(maxsize=2)  # all benchmarks, and those whose text has to go
def shared_defined_index(source: DefinedSource) -> DefinedIndex:
    """The index of registered items. A process makes it once."""
    if source.benchmarks is not None:
        return shared_defined_index(replace(source, benchmarks=None)).only(source.benchmarks)
    return replace(DefinedIndex.build(read_table(source.items), source.definition, source.parts), source=source)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DefinedIndex:
    """What `pipelines.contamination.rules` asks of an index of registered parts, for any definition."""

    benchmarks: Names
    item_ids: Names
    parts: Names
    texts: Names
    answered: npt.NDArray[np.bool_]
    finder: Finder
    looks_around: bool = False  # whether more than the words of a run decides that it is met
    wanted: frozenset[str] | None = None
    source: DefinedSource | None = None

    @classmethod
    def build(cls, items: pa.Table, definition: Definition, parts: tuple[str, ...] = ROLES) -> DefinedIndex:
        """An index over a table in the schema BENCHMARK_ITEMS: its rows that are chosen by role or name, in the order of benchmark, item and part."""
        rows = items.filter(pa.array(chosen(items, parts), pa.bool_())).sort_by(_ORDER).to_pylist()
        benchmarks, item_ids, names, texts = (
            Names(pa.array([str(row[name]) for row in rows], pa.string())) for name in ("benchmark", "item_id", "part", "text")
        )
        answered = np.array([row["has_answer"] is not False for row in rows], np.bool_)
        finder = definition.finder(part_texts(rows))
        around = isinstance(definition, LooksAround)
        return cls(benchmarks=benchmarks, item_ids=item_ids, parts=names, texts=texts, answered=answered, finder=finder, looks_around=around)

    def only(self, benchmarks: Iterable[str]) -> DefinedIndex:
        """The index without hits of other benchmarks; rows keep their numbers."""
        wanted = frozenset(benchmarks)
        return replace(self, wanted=wanted, source=None if self.source is None else replace(self.source, benchmarks=wanted))

    def exact_only(self) -> DefinedIndex:
        """The index itself: a definition is one."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Where it comes from, if that is enough to make it again, else all of it."""
        if self.source is not None:
            return shared_defined_index, (self.source,)
        return _restored, ({name: getattr(self, name) for name in self.__dataclass_fields__},)

    def hits(self, texts: pa.Array | pa.ChunkedArray) -> list[list[Hit]]:
        """For each text its hits, by place in the text, then by item."""
        return [[self._hit(text, met) for met in self.finder.find(text) if self._is_wanted(met.part)] for text in texts.to_pylist()]

    def word_spans(self, item: int) -> tuple[Int64, Int64]:
        """First byte of each word of a part, and the first byte after it, in the part's text."""
        words = contamination_words(pa.array([self.texts[item]], pa.string()))
        return words.text_starts, words.text_ends

    def foreign_character(self) -> str:
        """A character that is part of words, and that no registered part is likely to hold."""
        return _FOREIGN

    def _is_wanted(self, part: int) -> bool:
        return self.wanted is None or self.benchmarks[part] in self.wanted

    def _hit(self, text: str, met: Met) -> Hit:
        doc_start, item_start = len(text[: met.start].encode()), len(self.texts[met.part][: met.item_start].encode())
        return Hit(
            item=met.part, num_ngrams=met.num_ngrams, coverage=met.coverage, doc_start=doc_start,
            doc_end=doc_start + len(text[met.start : met.end].encode()), item_start=item_start,
            item_end=item_start + len(self.texts[met.part][met.item_start : met.item_end].encode()),
            tier="inexact" if met.num_edits else "exact", num_edits=met.num_edits,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedRule:
    """Which parts a definition looks for."""

    definition: Definition
    parts: tuple[str, ...] = ROLES

    def looked_for(self, items: pa.Table) -> pa.BooleanArray:
        """For each row of a table in the schema BENCHMARK_ITEMS whether it is looked for."""
        is_chosen = chosen(items, self.parts)
        rows = items.filter(pa.array(is_chosen, pa.bool_())).to_pylist()
        found = iter(self.definition.finder(part_texts(rows)).looked_for)
        return pa.array([bool(is_it and next(found)) for is_it in is_chosen], pa.bool_())


def chosen(items: pa.Table, parts: tuple[str, ...]) -> list[bool]:
    """For each row whether its name or role is asked for. Question and answer as one text are not: definitions join them in their own ways."""
    names = zip(items.column("part").to_pylist(), items.column("role").to_pylist(), strict=True)
    return [name != JOINED and bool({name, role} & set(parts)) for name, role in names]


def part_texts(rows: Iterable[dict[str, Any]]) -> list[PartText]:
    """Rows as definitions see them."""
    return [PartText(benchmark=row["benchmark"], item_id=row["item_id"], role=row["role"], text=row["text"]) for row in rows]


def _restored(state: dict[str, Any]) -> DefinedIndex:
    return DefinedIndex(**state)
