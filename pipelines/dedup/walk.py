"""The walk: inside a component of candidates, who is a near-duplicate of a document that stays.

Bands only nominate, and components chain strangers together. So documents are taken in keeper order, and one is dropped if and only if its exact
Jaccard with an already kept one reaches the threshold, compared as integers; the partner on record is the most similar kept one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipelines.contract.schema import DUPLICATES
from pipelines.dedup.shingles import shingle_hashes

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Called with one component in keeper order: most bytes first, then the lowest doc_id."""

    threshold: float
    shingle_words: int = 5

    def __call__(self, group: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """``duplicates``: the documents that go."""
        kept = KeptSets(Fraction(str(self.threshold)))
        rows: list[dict[str, Any]] = []
        columns = (group.column(n).to_pylist() for n in ("doc_id", "cluster_id"))
        for doc_id, cluster_id, text in zip(*columns, group.column("text"), strict=True):
            hashes = shingle_hashes(text.as_py(), self.shingle_words)
            best = kept.best(hashes)
            if best is None:
                kept.add(doc_id, hashes)
            else:
                rows.append({"doc_id": doc_id, "kept_doc_id": best.doc_id, "cluster_id": cluster_id, "kind": "near", "jaccard": best.jaccard})
        return {"duplicates": pa.RecordBatch.from_pylist(rows, schema=DUPLICATES.schema)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A kept document and how similar it is."""

    doc_id: str
    intersection: int
    union: int

    @property
    def jaccard(self) -> float:
        """Similarity in [0, 1]."""
        return self.intersection / self.union


class KeptSets:
    """The kept documents of a component, found again by their shingles: work grows with shared shingles, not with pairs of documents.

    A document whose Jaccard with a set reaches t shares at least one of its first (1 - t) n + 1 shingles in any fixed order with it (Chaudhuri et al.
    2006, prefix filter), so only those are looked up; candidates are then compared whole.
    """

    def __init__(self, threshold: Fraction) -> None:
        """Empty at first."""
        self._threshold = threshold
        self._doc_ids: list[str] = []
        self._sets: list[npt.NDArray[np.uint64]] = []
        self._by_hash: dict[int, list[int]] = defaultdict(list)

    def add(self, doc_id: str, hashes: npt.NDArray[np.uint64]) -> None:
        """Keeps a document."""
        for value in self._prefix(hashes):
            self._by_hash[value].append(len(self._doc_ids))
        self._doc_ids.append(doc_id)
        self._sets.append(hashes)

    def best(self, hashes: npt.NDArray[np.uint64]) -> Partner | None:
        """The most similar kept document at or above the threshold; of equals the one kept first."""
        candidates = sorted({place for value in self._prefix(hashes) for place in self._by_hash.get(value, ())})
        best: Partner | None = None
        for place in candidates:
            other = self._sets[place]
            if min(len(other), len(hashes)) < self._threshold * max(len(other), len(hashes)):
                continue  # sizes alone forbid it
            shared = len(np.intersect1d(other, hashes, assume_unique=True))
            union = len(other) + len(hashes) - shared
            is_enough = shared * self._threshold.denominator >= union * self._threshold.numerator
            if is_enough and (best is None or shared * best.union > best.intersection * union):
                best = Partner(doc_id=self._doc_ids[place], intersection=shared, union=union)
        return best

    def _prefix(self, hashes: npt.NDArray[np.uint64]) -> list[int]:
        size = len(hashes)
        overlap = -(-self._threshold.numerator * size // self._threshold.denominator)  # the least that a set of this size must share: ceil(t n)
        return [int(value) for value in hashes[: size - overlap + 1]]
