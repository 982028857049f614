"""The walk: inside a component of candidates, who is a near-duplicate of a document that stays.

Bands only nominate, and components chain strangers together. So documents are taken in keeper order, and one is dropped if and only if its exact
Jaccard with an already kept one reaches the threshold, compared as integers; the partner on record is the most similar kept one.

Kept documents are found by a prefix filter (Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007): with all shingles in one order, rare
ones first, two sets of Jaccard t or more share one of the first n - ceil(t n) + 1 shingles of each. Only these are indexed and looked up, so
boilerplate that a whole component shares costs nothing, and only sets are compared whose sizes, and what stands behind the first shingle that they
share, allow the threshold (Xiao, Wang, Lin and Yu 2008): before it they have nothing in common.

Several components are walked in one go, because most are pairs: their shingles are told apart, so that no set meets one of another component.

Shingles are known by 64-bit hashes; `pipelines.dedup.shingles` says how rarely that errs. Memory: at most 70 bytes a shingle of the
group, beside its text.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.errors import ConfigError
from pipelines.contract.schema import DUPLICATES
from pipelines.dedup.shingles import distinct_shingles
from pipelines.text.compile import kernel
from pipelines.text.words import dedup_words

if TYPE_CHECKING:
    import numpy.typing as npt

    Int32 = npt.NDArray[np.int32]
    Int64 = npt.NDArray[np.int64]
    Uint64 = npt.NDArray[np.uint64]

_SLICE_BYTES: Final = 8 << 20  # text that is cut into words at once: the arrays of words take several times as much
_FINEST: Final = 10**6  # largest denominator of a threshold: products with numbers of shingles stay below 2^63
_APART: Final = np.uint64(0x9E3779B97F4A7C15)  # odd, so that its multiples are all different: 2^64 divided by the golden ratio
COUNTS: Final = (pa.field("intersection", pa.int64()), pa.field("union", pa.int64()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Called with whole components, one behind the other, each in keeper order: most bytes first, then the lowest doc_id.

    ``threshold`` means the decimal fraction that it is written as: 0.8 is 4/5, not the nearest binary number.
    """

    threshold: float
    shingle_words: int = 5

    def __post_init__(self) -> None:
        """Raises ConfigError where the threshold is no share, or finer than a millionth."""
        if not 0 < self.threshold <= 1 or Fraction(str(self.threshold)).denominator > _FINEST:
            raise ConfigError(f"dedup.threshold: got {self.threshold}; expected a share in (0, 1] with at most six decimals")

    def __call__(self, group: pa.RecordBatch | pa.Table) -> dict[str, pa.Table]:
        """``duplicates``: the documents that go, with ``intersection`` and ``union`` in shingles behind the columns of the table."""
        hashes, first = _sets(group.column("text"), self.shingle_words)
        hashes ^= np.repeat(_APART * _components(group.column("cluster_id")), np.diff(first))
        partner, shared = nearest_kept(hashes, first, Fraction(str(self.threshold)))
        gone = np.flatnonzero(partner >= 0)
        sizes = np.diff(first)
        union = sizes[gone] + sizes[partner[gone]] - shared[gone]
        doc_ids, clusters = group.column("doc_id"), group.column("cluster_id")
        columns = {
            "doc_id": doc_ids.take(pa.array(gone)),
            "kept_doc_id": doc_ids.take(pa.array(partner[gone])),
            "cluster_id": clusters.take(pa.array(gone)),
            "kind": pa.array(["near"] * len(gone), pa.string()),
            "jaccard": pa.array(shared[gone] / np.maximum(union, 1), pa.float64()),
            "intersection": pa.array(shared[gone], pa.int64()),
            "union": pa.array(union, pa.int64()),
        }
        return {"duplicates": pa.table(columns, pa.schema([*DUPLICATES.schema, *COUNTS]))}


def nearest_kept(hashes: Uint64, first: Int64, threshold: Fraction) -> tuple[Int64, Int64]:
    """The walk over N sets in keeper order; set i is ``hashes[first[i] : first[i + 1]]``, distinct.

    Returns:
        partner: int64[N], the most similar kept set at or above the threshold (of equals the earlier one); -1 where the set itself is kept. An empty
            set is like no other, and kept.
        shared: int64[N], size of the intersection with the partner; 0 without one.
    """
    ranks, num_ranks = _rare_first(hashes, first)
    partner, shared = np.full(len(first) - 1, -1, np.int64), np.zeros(len(first) - 1, np.int64)
    _walk(ranks, first, num_ranks, threshold.numerator, threshold.denominator, partner, shared)
    return partner, shared


def _sets(texts: pa.Array | pa.ChunkedArray, shingle_words: int) -> tuple[Uint64, Int64]:
    """Shingles of all texts, cut into words a slice at a time."""
    hashes: list[Uint64] = [np.empty(0, np.uint64)]
    sizes: list[Int64] = [np.zeros(1, np.int64)]
    for chunk in texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]:
        rows = max(1, len(chunk) * _SLICE_BYTES // max(chunk.nbytes, 1))
        for start in range(0, len(chunk), rows):
            found = distinct_shingles(dedup_words(chunk.slice(start, rows)), shingle_words)
            hashes.append(found.hashes)
            sizes.append(np.diff(found.first))
    return np.concatenate(hashes), np.cumsum(np.concatenate(sizes))


def _components(clusters: pa.Array | pa.ChunkedArray) -> Uint64:
    """Number of each row's component, counted from 0."""
    if not len(clusters):
        return np.empty(0, np.uint64)
    begins = pc.not_equal(clusters.slice(1), clusters.slice(0, len(clusters) - 1)).to_numpy(zero_copy_only=False)
    return np.concatenate([np.zeros(1, np.uint64), np.cumsum(begins, dtype=np.uint64)])


def _rare_first(hashes: Uint64, first: Int64) -> tuple[Int32, int]:
    """Each set as ascending ranks, the hash that fewest sets hold being rank 0; and the number of ranks."""
    _, places, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    rank_of = np.empty(len(counts), np.int32)
    rank_of[np.argsort(counts, kind="stable")] = np.arange(len(counts), dtype=np.int32)
    keys = np.repeat(np.arange(len(first) - 1, dtype=np.int64) << 32, np.diff(first)) | rank_of[places]  # one sort of all sets, not one of each
    keys.sort()
    return keys.astype(np.int32), len(counts)


@kernel
def _walk(ranks: Int32, first: Int64, num_ranks: int, numerator: int, denominator: int, partner: Int64, shared: Int64) -> None:
    """Fills ``partner`` and ``shared``. Postings are linked lists through the prefixes of the kept sets."""
    num_sets, total = first.size - 1, numerator + denominator
    newest = np.full(num_ranks, -1, np.int64)  # the last posting of each rank
    capacity = 0
    for i in range(num_sets):
        capacity += _prefix(first[i + 1] - first[i], numerator, denominator)
    earlier, owner, stands = np.empty(capacity, np.int64), np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    compared_with = np.full(num_sets, -1, np.int64)
    used = 0
    for i in range(num_sets):
        start, size = first[i], first[i + 1] - first[i]
        prefix = _prefix(size, numerator, denominator)
        best, best_shared, best_union = -1, 0, 1
        for place in range(start, start + prefix):
            posting = newest[ranks[place]]
            while posting >= 0:
                other, other_place = owner[posting], stands[posting]
                posting = earlier[posting]
                if compared_with[other] == i:
                    continue
                compared_with[other] = i
                other_size = first[other + 1] - first[other]
                enough = ((size + other_size) * numerator + total - 1) // total  # J >= t means |A & B| >= t / (1 + t) (|A| + |B|)
                both = _intersection(ranks, place, first[i + 1], other_place, first[other + 1], enough)
                union = size + other_size - both
                if both * denominator < union * numerator:
                    continue
                ahead = both * best_union - best_shared * union
                if best < 0 or ahead > 0 or (ahead == 0 and other < best):
                    best, best_shared, best_union = other, both, union
        if best >= 0:
            partner[i], shared[i] = best, best_shared
            continue
        for place in range(start, start + prefix):
            earlier[used], owner[used], stands[used] = newest[ranks[place]], i, place
            newest[ranks[place]] = used
            used += 1


@kernel
def _prefix(size: int, numerator: int, denominator: int) -> int:
    """How many of its rarest members a set of this size must be known by: size - ceil(t size) + 1."""
    return size - (size * numerator + denominator - 1) // denominator + 1 if size else 0


@kernel
def _intersection(ranks: Int32, a: int, a_end: int, b: int, b_end: int, enough: int) -> int:
    """Size of the intersection of two ascending runs, or 0 as soon as ``enough`` is out of reach."""
    found = 0
    while a < a_end and b < b_end:
        if found + min(a_end - a, b_end - b) < enough:
            return 0
        if ranks[a] == ranks[b]:
            found += 1
            a += 1
            b += 1
        elif ranks[a] < ranks[b]:
            a += 1
        else:
            b += 1
    return found
