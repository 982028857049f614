"""Outputs beside outputs: what a peer's arm found on the texts that both got. Each returns the words that stand in the table.

Documents are known by their place. A peer may have had fewer texts: the first of ours.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product
from typing import Any

from benchmarks.arms.shingling import shingles_of
from pipelines.detectors.base import Span
from pipelines.detectors.plausible import is_plausible

THRESHOLD = Fraction(4, 5)


def nothing(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Other values by design: only the speed is compared."""
    return "other values"


def decisions(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Keep or drop, by family."""
    if "kept" not in theirs:
        return "other definitions"
    differ = sum(a != b for name, kept in theirs["kept"].items() for a, b in zip(ours["kept"][name], kept, strict=False))
    num_texts = len(next(iter(theirs["kept"].values())))
    return f"{differ} of {len(theirs['kept'])} x {num_texts:,} decisions differ"


def cleaned(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Texts and languages."""
    unlike = sum(a != b for a, b in zip(ours["texts"], theirs["texts"], strict=False))
    languages = sum(a != b for a, b in zip(ours["languages"], theirs["languages"], strict=False))
    return f"of {len(theirs['texts']):,}: {unlike} texts, {languages} languages differ"


def buckets(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Every bucket, where the peer has the same permutations and texts."""
    if "buckets" not in theirs:
        return "other values"
    differ = sum(a != b for a, b in zip(ours["buckets"], theirs["buckets"], strict=False))
    return f"buckets of {differ} of {len(theirs['buckets']):,} texts differ"


def removals(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Recall: true pairs of which one went. Precision: removed texts with a near-duplicate that stayed. Truth is every pair, counted."""
    removed, num_texts = set(theirs["removed"]), theirs["documents"]
    pairs = [pair for pair in true_pairs(tuple(texts)) if max(pair) < num_texts]
    partners: dict[int, set[int]] = {}
    for a, b in pairs:
        partners.setdefault(a, set()).add(b)
        partners.setdefault(b, set()).add(a)
    found = sum(a in removed or b in removed for a, b in pairs)
    right = sum(bool(partners.get(one, set()) - removed) for one in removed)
    recall, precision = found / len(pairs) if pairs else 1.0, right / len(removed) if removed else 1.0
    return f"{len(removed):,} removed of {num_texts:,}; recall {recall:.4f} of {len(pairs):,} pairs, precision {precision:.4f}"


@lru_cache(maxsize=1)
def true_pairs(texts: tuple[str, ...]) -> list[tuple[int, int]]:
    """Every pair whose exact Jaccard of 5-word shingles reaches the threshold: shared shingles are counted for all pairs that share any."""
    same: dict[frozenset[str], list[int]] = {}
    for number, text in enumerate(texts):
        same.setdefault(frozenset(shingles_of(text)), []).append(number)
    same.pop(frozenset(), None)  # a text without words is near nobody
    groups = list(same.items())  # equal sets are compared once
    pairs = [pair for _, members in groups for pair in combinations(members, 2)]
    having: dict[str, list[int]] = {}
    for number, (one, members) in enumerate(groups):
        shared = Counter(other for shingle in one for other in having.get(shingle, ()))
        for other, count in shared.items():
            if Fraction(count, len(one) + len(groups[other][0]) - count) >= THRESHOLD:
                pairs += product(groups[other][1], members)
        for shingle in one:
            having.setdefault(shingle, []).append(number)
    return pairs


def hits(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Texts in which an item was met."""
    here, there = {one for one in ours["hit"] if one < theirs["documents"]}, set(theirs["hit"])
    return f"{len(there):,} of {theirs['documents']:,} texts hit; {len(here - there)} by ours only, {len(there - here)} by it only"


def spans(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Presidio's spans, after our rules of what is plausible; what rules of ours find besides is counted apart."""
    if "spans" not in theirs:
        return "other patterns"
    found = [_plausible(rows, text) for rows, text in zip(theirs["spans"], texts, strict=False)]
    mine = [_plausible(rows, text) for rows, text in zip(ours["spans"], texts, strict=False)]
    beside = sum(not _is_presidio(row) and row[5] is None for rows in ours["spans"][: len(found)] for row in rows)
    missed, more = (sum(len(b - a) for a, b in zip(mine, found, strict=False)), sum(len(a - b) for a, b in zip(mine, found, strict=False)))
    return f"of {sum(map(len, found)):,} spans {missed} missed, {more} more; {beside} by rules of ours"


def _plausible(rows: list[list[Any]], text: str) -> set[tuple[Any, ...]]:
    made = [Span(start=row[0], end=row[1], entity=row[2], score=row[3], recognizer="") for row in rows if _is_presidio(row)]
    return {(span.start, span.end, span.entity, span.score) for span in made if is_plausible(span, text)}


def _is_presidio(row: list[Any]) -> bool:
    """Whether a span is of no rule of ours; the rows of presidio's own arm say nothing of rules."""
    return len(row) == 4 or row[4] is None


def names(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Names that both found, and those that one did: a model that sees a paragraph at a time does not always say what it says of the whole text."""
    mine, found = ({(number, *row) for number, rows in enumerate(one["spans"]) for row in rows} for one in (ours, theirs))
    return f"of {len(found):,} names {len(found - mine):,} missed, {len(mine - found):,} more"


def ids(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Token ids, by text."""
    differ = sum(a != b for a, b in zip(ours["ids"], theirs["ids"], strict=False))
    return f"{theirs['num_tokens']:,} ids; those of {differ} of {len(theirs['ids']):,} texts differ"


def contents(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Content hashes of every table, hashes of every artifact."""
    names = ours["contents"].keys() | theirs["contents"].keys()
    differ = sum(ours["contents"].get(name) != theirs["contents"].get(name) for name in names)
    return f"{differ} of {len(names)} tables and artifacts differ"


def left(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Who is kept, and the text that rewriting filters left."""
    here, there = ours["left"], theirs["left"]
    other = sum(here[one] != there[one] for one in here.keys() & there.keys())
    only = f"{len(here.keys() - there.keys())} by ours only, {len(there.keys() - here.keys())} by it only"
    return f"{len(there):,} of {theirs['documents']:,} kept; {only}; {other} with another text"


def losses(texts: list[str], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Losses of the updates."""
    furthest = max(abs(a - b) for a, b in zip(ours["losses"], theirs["losses"], strict=True))
    return f"losses of {len(theirs['losses'])} updates within {furthest:.0e} nats"


def is_plain(text: str) -> bool:
    """ASCII with a word in it: here every tool has the same words."""
    return text.isascii() and re.search(r"\w", text) is not None
