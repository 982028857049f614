"""N-grams of items that stand in so many documents that they prove nothing: counted in one pass, left out of the evidence in the next.

Brown et al. (2020, appendix C) ignored n-grams met more than ten times: they are proverbs, licences and headings, which tests quote as everybody
does. But a test that leaked widely is met often too, so nothing is ignored unless the run file says so, and what is ignored is a row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipelines.contamination.ngrams import NgramIndex, scan
from pipelines.contract.parts import Table, read_table
from pipelines.contract.schema import BOILERPLATE

if TYPE_CHECKING:
    from pipelines.contamination.claims import Hit
    from pipelines.contamination.defined import DefinedIndex

    Key = tuple[str, str, str]  # benchmark, item_id, part


@dataclass(frozen=True, eq=False)
class Boilerplate:
    """First bytes of the n-grams that are no evidence, by part.

    Attributes:
        starts: by benchmark, item_id and part.
        source: the table that it was read from, by which another process reads it.
    """

    starts: Mapping[Key, AbstractSet[int]] = field(default_factory=dict)
    source: Table | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Where it comes from, if that is known, else all of it."""
        return (boilerplate_of, (self.source,)) if self.source is not None else (Boilerplate, (self.starts,))

    def is_all(self, hit: Hit, index: NgramIndex | DefinedIndex, ngram_words: int) -> bool:
        """Whether every n-gram of a run is boilerplate. A run that has another beside them is evidence as a whole."""
        known = self.starts.get(key_of(hit, index), frozenset())
        return bool(known) and all(start in known for start, _ in ngrams_of(hit, index, ngram_words))


@lru_cache(maxsize=1)
def boilerplate_of(table: Table) -> Boilerplate:
    """The rows of a table in the schema BOILERPLATE. A process reads it once."""
    found: dict[Key, set[int]] = defaultdict(set)
    columns = [read_table(table).column(name).to_pylist() for name in ("benchmark", "item_id", "part", "item_start")]
    for benchmark, item_id, part, start in zip(*columns, strict=True):
        found[benchmark, item_id, part].add(start)
    return Boilerplate(starts=dict(found), source=table)


def key_of(hit: Hit, index: NgramIndex | DefinedIndex) -> Key:
    """Benchmark, item and part of a hit."""
    return str(index.benchmarks[hit.item]), str(index.item_ids[hit.item]), str(index.parts[hit.item])


def ngrams_of(hit: Hit, index: NgramIndex | DefinedIndex, ngram_words: int) -> Iterator[tuple[int, int]]:
    """Spans of the n-grams of a run, as bytes of the part's text; a run that is shorter is one, and so is one that only others take for words."""
    starts, ends = index.word_spans(hit.item)
    first, after = int(np.searchsorted(starts, hit.item_start)), int(np.searchsorted(ends, hit.item_end, side="right"))
    if after <= first:
        yield hit.item_start, hit.item_end
        return
    for word in range(first, max(first + 1, after - ngram_words + 1)):
        yield int(starts[word]), int(ends[min(word + ngram_words, after) - 1])


def count_ngrams(texts: pa.Array, index: NgramIndex | DefinedIndex, ngram_words: int) -> pa.RecordBatch:
    """In how many of these texts each n-gram of a part stands, for those that stand in any: rows in the schema BOILERPLATE."""
    counts: Counter[tuple[Key, int]] = Counter()
    ends: dict[tuple[Key, int], int] = {}
    for hits in scan(texts, index) if isinstance(index, NgramIndex) else index.hits(texts):
        exact = [hit for hit in hits if hit.tier == "exact"]
        spans = {(key_of(hit, index), start): end for hit in exact for start, end in ngrams_of(hit, index, ngram_words)}
        counts.update(spans.keys())
        ends.update(spans)
    rows = [_row(key, start, ends[key, start], count) for (key, start), count in sorted(counts.items())]
    return pa.RecordBatch.from_pylist(rows, schema=BOILERPLATE.schema)


def _row(key: Sequence[str], start: int, end: int, count: int) -> dict[str, Any]:
    benchmark, item_id, part = key
    return {"benchmark": benchmark, "item_id": item_id, "part": part, "item_start": start, "item_end": end, "num_documents": count}
