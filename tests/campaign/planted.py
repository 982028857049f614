"""Benchmark items planted in documents of a corpus, as they are and written otherwise, and what finds them.

An item is planted once, where a line or a word of a document ends. What is found of it is a hit on this very item in this very document. What is
found in documents in which nothing was planted is listed by document and item, for a reader to judge: some of it is the item indeed, for benchmarks
are made of what stands on the web. No text is printed.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from campaign.planted_classes import PIECES, WORDS, WRITTEN, Change
from campaign.planted_items import as_table, pairs, read_items
from campaign.runs import CampaignFailed
from pipelines.contamination.inexact import InexactRule
from pipelines.contamination.ngrams import NgramIndex, scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Finder = Callable[[Sequence[str]], list[dict[int, str]]]  # for each text its items, with the tier of the best hit

_BATCH: Final = 1000  # documents
_SHORTEST_DOCUMENT: Final = 500  # characters
_MOST_LISTED: Final = 40
_TIERS: Final = ("exact", "inexact", "semantic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """An item in a document."""

    kind: str
    item: int  # row of the items
    written: str


@dataclass
class Findings:
    """What was found, by class and tier, and what was found where nothing was planted."""

    planted: Counter[str] = field(default_factory=Counter)
    found: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    elsewhere: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))  # tier: document, item
    num_documents: int = 0

    def add(self, number: int, plant: Plant | None, hits: dict[int, str]) -> None:
        """A document's."""
        self.num_documents += 1
        if plant is None:
            for item, tier in hits.items():
                self.elsewhere[tier].append((number, item))
            return
        self.planted[plant.kind] += 1
        if plant.item in hits:
            self.found[plant.kind][hits[plant.item]] += 1


def plants(items: pa.Table, num_items: int, draw: random.Random) -> list[Plant]:
    """So many items, spread over the classes: whole items of 13 words or more, of a language with spaces, and items of the lengths in question."""
    texts = items.column("text").to_pylist()
    lengths = [(len(text.split()), count) for text, count in zip(texts, items.column("num_words").to_pylist(), strict=True)]
    order = draw.sample(range(len(texts)), len(texts))

    def of_length(low: int, high: int, *, spaced: bool = True) -> Iterator[int]:
        return iter([i for i in order if low <= lengths[i][1] <= high and (lengths[i][0] * 2 > lengths[i][1]) is spaced])

    sources: list[tuple[str, Change, Iterator[int]]] = [(name, change, of_length(13, 80)) for name, change in (WRITTEN | PIECES).items()]
    for low, high, shown in ((8, 12, "8 to 12"), (13, 24, "13 to 24"), (26, 80, "26 and more")):
        sources += [(f"{name}: {shown} words", change, of_length(low, high)) for name, change in WORDS.items()]
    sources += [(f"short items: {low} to {high} words", WRITTEN["verbatim"], of_length(low, high)) for low, high in ((5, 7), (8, 12))]
    sources += [("without spaces", WRITTEN["verbatim"], of_length(13, 200, spaced=False))]
    made: dict[int, Plant] = {}
    while len(made) < num_items:
        before = len(made)
        for kind, change, source in sources:
            item = next((i for i in source if i not in made), None)
            if item is not None and len(made) < num_items:
                made[item] = Plant(kind=kind, item=item, written=change(texts[item], draw))
        if len(made) == before:
            raise CampaignFailed(f"planted: the folder has items for {before} plants of {num_items} asked for; ask for fewer")
    return list(made.values())


def planted_in(text: str, plant: Plant, draw: random.Random) -> str:
    """The text with the plant in a paragraph of its own."""
    ends = [found.end() for found in re.finditer(r"\n+|\s", text)] or [len(text)]
    at = draw.choice(ends)
    return f"{text[:at]}\n\n{plant.written}\n\n{text[at:]}"


def ours(index: NgramIndex) -> Finder:
    """The index's own hits."""

    def found(texts: Sequence[str]) -> list[dict[int, str]]:
        best: list[dict[int, str]] = [{} for _ in texts]
        for mine, hits in zip(best, scan(pa.array(texts, pa.large_string()), index), strict=True):
            for hit in hits:
                mine[hit.item] = min(mine.get(hit.item, "semantic"), hit.tier, key=_TIERS.index)
        return best

    return found


def planted_campaign(
    benchmarks: Path, corpus: Path, *, num_items: int, most_documents: int, seed: int, pairs_file: Path | None = None, peers: Path | None = None
) -> dict[str, Any]:
    """Figures by class, and what was found elsewhere.

    Raises:
        CampaignFailed: there are too few items or documents.
    """
    draw = random.Random(seed)
    items = read_items(benchmarks)
    made = plants(items, num_items, draw)
    if pairs_file is not None:
        items, made = _with_pairs(items, made, pairs_file)
    finder = ours(NgramIndex.build(items, inexact=InexactRule()))
    documents = list(_sizes(corpus, most_documents))
    long_enough = [number for number, size in enumerate(documents) if size >= _SHORTEST_DOCUMENT]
    if len(long_enough) < len(made):
        raise CampaignFailed(f"{corpus}: {len(long_enough)} documents of {_SHORTEST_DOCUMENT} characters or more; {len(made)} are needed")
    of_document = dict(zip(draw.sample(long_enough, len(made)), made, strict=True))
    findings, held = Findings(), list[tuple[Plant | None, str]]()
    for first, texts in _batches(corpus, most_documents):
        own = [of_document.get(first + number) for number in range(len(texts))]
        shown = [text if plant is None else planted_in(text, plant, draw) for text, plant in zip(texts, own, strict=True)]
        for number, (plant, hits) in enumerate(zip(own, finder(shown), strict=True), first):
            findings.add(number, plant, hits)
        held += [(plant, text) for plant, text in zip(own, shown, strict=True) if peers is not None and (plant is not None or first == 0)]
    figures = _figures(findings, items)
    if peers is not None:
        from campaign.planted_peers import peer_findings

        figures["peers"] = peer_findings(peers, items, held)
    return figures


def as_table_of_classes(figures: dict[str, Any]) -> str:
    """Found of planted, a line a class, as docs/contamination.md has them."""
    names = ["exact", "inexact", *figures.get("peers", {})]
    lines = ["| class | planted | " + " | ".join(names) + " |", "| --- " * (len(names) + 2) + "|"]
    for kind, row in figures["classes"].items():
        others = [peer["classes"].get(kind, 0) for peer in figures.get("peers", {}).values()]
        lines.append("| " + " | ".join(map(str, [kind, row["planted"], row["exact"], row["inexact"], *others])) + " |")
    return "\n".join(lines)


def _with_pairs(items: pa.Table, made: list[Plant], path: Path) -> tuple[pa.Table, list[Plant]]:
    """The items with those of pairs, whose passages are planted too."""
    told = list(pairs(path))
    own = as_table([(pair["id"], pair["item"]) for pair in told], "pairs")
    others = [Plant(kind=f"{p['kind']}: {p['language']}", item=items.num_rows + n, written=p["passage"]) for n, p in enumerate(told)]
    return pa.concat_tables([items, own]), made + others


def _figures(findings: Findings, items: pa.Table) -> dict[str, Any]:
    names, benchmarks = items.column("item_id").to_pylist(), items.column("benchmark").to_pylist()
    classes = {kind: {"planted": count, **{tier: findings.found[kind][tier] for tier in _TIERS}} for kind, count in sorted(findings.planted.items())}
    elsewhere = {
        tier: {
            "documents": len({number for number, _ in places}),
            "by_benchmark": dict(sorted(Counter(benchmarks[item] for _, item in places).items())),
            "first": [[number, names[item]] for number, item in places[:_MOST_LISTED]],
        }
        for tier, places in sorted(findings.elsewhere.items())
    }
    return {"items": items.num_rows, "documents": findings.num_documents, "classes": classes, "elsewhere": elsewhere}


def _files(corpus: Path) -> list[Path]:
    return sorted(corpus.rglob("*.parquet")) if corpus.is_dir() else [corpus]


def _batches(corpus: Path, most: int) -> Iterator[tuple[int, list[str]]]:
    """Texts with the number of the first of them."""
    first = 0
    for path in _files(corpus):
        for batch in pq.ParquetFile(path).iter_batches(_BATCH, columns=["text"]):
            texts = [text or "" for text in batch.column("text").to_pylist()[: most - first]]
            if not texts:
                return
            yield first, texts
            first += len(texts)


def _sizes(corpus: Path, most: int) -> Iterator[int]:
    for _, texts in _batches(corpus, most):
        yield from map(len, texts)
