"""What is done about each run of benchmark text that was met, and why it is not what the benchmark asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

from pipelines.contamination.boilerplate import Boilerplate, key_of
from pipelines.contamination.defined import DefinedIndex
from pipelines.contamination.ngrams import NgramIndex, scan
from pipelines.contamination.parts import NGRAM_WORDS
from pipelines.contract.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.contamination.claims import Hit

Action = Literal["drop", "cut", "flag"]
Reason = Literal["inexact", "no_answer", "low_coverage", "document_dropped", "in_a_cut"]
Index = NgramIndex | DefinedIndex
_LEAST_FIRST: Final = ("flag", "cut", "drop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is done about a run; ``reason`` is set where it is not what its benchmark asks for."""

    action: Action
    reason: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class ActionRules:
    """From runs of a document to actions.

    Attributes:
        action_by_benchmark: what is done, for every benchmark of the index.
        inexact_action: what is done at most about a run in which words differ.
        min_coverage: share of a part's words that one document must hold, in all runs together, before anything is done about them.
        ngram_words: words of an n-gram.
        boilerplate: n-grams that are no evidence.
    """

    action_by_benchmark: Mapping[str, Action]
    inexact_action: Action = "flag"
    min_coverage: float = 0.0
    ngram_words: int = NGRAM_WORDS
    boilerplate: Boilerplate = field(default_factory=Boilerplate)

    def check(self, index: Index) -> None:
        """Raises ConfigError where a benchmark of the index has no action, or one that does not exist."""
        for name in index.benchmarks.distinct():
            if self.action_by_benchmark.get(name) not in get_args(Action):
                raise ConfigError(f"decontaminate.actions.{name}: got {self.action_by_benchmark.get(name)!r}; expected one of {get_args(Action)}")

    def met(self, texts: pa.Array | pa.ChunkedArray, index: Index) -> list[list[Hit]]:
        """For each text the runs that are evidence, by place in the text, then by item."""
        found = scan(texts, index) if isinstance(index, NgramIndex) else index.hits(texts)
        if not self.boilerplate.starts:
            return found
        return [[hit for hit in hits if not self.boilerplate.is_all(hit, index, self.ngram_words)] for hits in found]

    def decide(self, hits: Sequence[Hit], index: Index) -> list[Decision]:
        """What is done about each run of one document."""
        covered = _coverage(hits, index) if self.min_coverage else {}
        return [self._decision(hit, index, covered.get(hit.item, 1.0)) for hit in hits]

    def runs_to_remove(self, texts: pa.Array | pa.ChunkedArray, index: Index, *, written: str | None = None) -> list[list[Hit]]:
        """For each text the runs that may not stay in it; a text of which all were removed has none.

        ``written`` stands in texts where something was put in the place of something else. A run over it is none: a long number that became one word
        may bring words together that, with one word between them, are nearly an item's. Nor is in such a text what only the rest of it can make a
        fault: see ``_whole``.
        """
        found = self.met(texts, index)
        if written is not None:
            found = [self._whole(hits, str(texts[number].as_py()), written, index) if hits else hits for number, hits in enumerate(found)]
        return [
            [hit for hit, decision in zip(hits, self.decide(hits, index), strict=True) if decision.action != "flag"] if hits else [] for hits in found
        ]

    def _whole(self, hits: list[Hit], text: str, written: str, index: Index) -> list[Hit]:
        """The runs that were there before something was written, and that were no less of a fault.

        Of a run that was broken a piece may be met that lay in it, begin at another place of its part, and so be no boilerplate; a run with faults
        that lay in it adds to what is covered; and where a definition looks around, words before or behind a run have moved.
        """
        utf8, mark = text.encode(), written.encode()
        if mark not in utf8:
            return hits
        if isinstance(index, DefinedIndex) and index.looks_around:
            return []
        kept = [hit for hit in hits if mark not in utf8[hit.doc_start : hit.doc_end] and (hit.tier == "exact" or not self.min_coverage)]
        return [hit for hit in kept if key_of(hit, index) not in self.boilerplate.starts] if self.boilerplate.starts else kept

    def _decision(self, hit: Hit, index: Index, coverage: float) -> Decision:
        asked = self.action_by_benchmark[str(index.benchmarks[hit.item])]
        if asked == "flag":
            return Decision(action="flag", reason="low_coverage" if coverage < self.min_coverage else None)
        if coverage < self.min_coverage:
            return Decision(action="flag", reason="low_coverage")
        if not index.answered[hit.item]:
            return Decision(action="flag", reason="no_answer")
        if hit.tier != "exact":
            action = min(asked, self.inexact_action, key=_LEAST_FIRST.index)
            return Decision(action=action, reason="inexact" if action != asked else None)
        return Decision(action=asked)


def _coverage(hits: Sequence[Hit], index: Index) -> dict[int, float]:
    """Share of each part's words in its runs together, whatever their tier."""
    runs = defaultdict(list)
    for hit in hits:
        runs[hit.item].append((hit.item_start, hit.item_end))
    found = {}
    for item, spans in runs.items():
        starts, ends = index.word_spans(item)
        is_met = np.zeros(len(starts), np.bool_)
        for start, end in spans:
            is_met |= (starts >= start) & (ends <= end)
        found[item] = float(is_met.sum() / len(starts)) if len(starts) else 1.0  # words that only others take for words
    return found
