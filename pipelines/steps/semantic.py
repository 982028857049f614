"""Items met in other words in a published corpus: workers name candidates, and the sentence encoder is asked about the nearest of each item."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contamination.semantic import Candidate, Nearest, SemanticIndex, SemanticRule, ranked
from pipelines.contract.parts import Table, read_row_groups, read_table, scratch
from pipelines.text.sentence_embeddings import Encoder, static_embeddings

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.engine.base import Engine

S, I64 = pa.string(), pa.int64()
CANDIDATES: Final = scratch(
    pa.schema([("item", I64), ("distance", pa.float64()), ("doc_id", S), ("first_byte", I64), ("last_byte", I64), ("passage", S)])
)
COLUMNS: Final = ("doc_id", "text", "split")
_READ_BYTES: Final = 4 << 20


@dataclass(frozen=True)
class FindCandidates:
    """Passages near registered items: of each batch, the nearest of each item."""

    items: Table
    rule: SemanticRule

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Rows of candidates of the train side, as n-grams are looked for."""
        nearest = Nearest(self.rule.nominees)
        batch = batch.filter(pc.equal(batch.column("split"), "train"))
        nearest.add(_index(self.items, self.rule).candidates(batch.column("doc_id").to_pylist(), batch.column("text")))
        rows: list[dict[str, Any]] = [dict(zip(CANDIDATES.names, astuple(one), strict=True)) for one in nearest.all()]
        return {"candidates": pa.RecordBatch.from_pylist(rows, schema=CANDIDATES)}


def likenesses(engine: Engine, corpus: Table, items: Table, rule: SemanticRule, folder: Path) -> pa.Table:
    """Rows of CONTAMINATION, tier ``semantic``; spans are bytes of the corpus's text.

    Raises:
        ConfigError: the model, or a package that it needs, is not installed.
    """
    encoder = Encoder()
    static_embeddings()  # here, so that workers find it made
    found = engine.map_batches(corpus, FindCandidates(items, rule), {"candidates": CANDIDATES}, folder, columns=COLUMNS)["candidates"]
    nearest = Nearest(rule.nominees)
    for path in found.paths:
        for batch in read_row_groups(path, None, CANDIDATES, _READ_BYTES):
            nearest.add(Candidate(*row.values()) for row in batch.to_pylist())
    index = _index(items, rule)
    return ranked(index.items, index.narrowed(nearest.all()), encoder.of_texts, rule.min_similarity)


@lru_cache(maxsize=1)
def _index(items: Table, rule: SemanticRule) -> SemanticIndex:
    """The index of items, made once a process."""
    return SemanticIndex(read_table(items), static_embeddings(), rule)
