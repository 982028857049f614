"""What is done about benchmark items in documents: evidence for every hit, then drop, cut or flag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contamination.boilerplate import count_ngrams, key_of
from pipelines.contamination.cut import CutRule, Cuts, Rest, Span, cut_until_clean, plan_cuts, separator_bytes
from pipelines.contamination.janitor import plan_janitor_cuts
from pipelines.contamination.rules import Action, ActionRules, Decision, Index
from pipelines.contract.schema import CONTAMINATION, EDITS, FATES, VERDICTS
from pipelines.text.cuts import listed, outside, without
from pipelines.text.edits import ByteEdit, carry

if TYPE_CHECKING:
    from pipelines.contamination.claims import Hit

    Rows = dict[str, list[dict[str, Any]]]

STEP: Final = "decontaminate"
_IN_A_CUT: Final = Decision(action="cut", reason="in_a_cut")
_OUTPUTS: Final = {"contamination": CONTAMINATION, "cuts": EDITS, "verdicts": VERDICTS, "fates": FATES}
_PLACE: Final = ("tier", "num_ngrams", "coverage", "num_edits", "doc_start", "doc_end", "item_start", "item_end")


@dataclass(frozen=True, slots=True)
class _Document:
    """A document as earlier cuts left it."""

    doc_id: str
    text: str
    earlier: Sequence[ByteEdit]

    def in_clean_text(self, span: Span) -> Span:
        """A byte span of the text as one of the clean text."""
        return carry(span, self.earlier, "before") if self.earlier else span


@dataclass(frozen=True)
class Decontaminate:
    """Scans documents and settles what happens to those that hold registered text.

    A document with text of a benchmark whose action is drop goes. Else text of those whose action is cut is taken out, by ``cut``, until none is
    left; a document that this would tear apart, or leave nothing of, goes too. Text that is only flagged stays where it is. The evidence has the
    action really taken: drop for everything in a document that went, cut for every run that a cut holds or breaks.

    Where there is a column ``cuts``, what earlier steps took out is not looked at, and what they left is looked at as it will be read: lines that met
    may hold an item between them. Spans and edits speak of the clean text all the same, and edits leave out what is cut already.

    Attributes:
        index: registered parts.
        rules: what is done about a run.
        cut: how much is cut with a run.
    """

    index: Index
    rules: ActionRules
    cut: CutRule = field(default_factory=CutRule)

    def __post_init__(self) -> None:
        """Raises ConfigError where a benchmark has no action, or one that does not exist."""
        self.rules.check(self.index)

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """``contamination``, ``cuts`` (rows of edits), ``verdicts`` and ``fates``. Where there is a column ``split``, only train is looked at."""
        rows: Rows = {name: [] for name in _OUTPUTS}
        doc_ids, texts, earlier = train_texts(batch)
        for number, hits in enumerate(self.rules.met(texts, self.index)):
            if hits:
                self._document(_Document(doc_ids[number].as_py(), texts[number].as_py(), earlier.get(number, ())), hits, rows)
        return {name: pa.RecordBatch.from_pylist(rows[name], schema=spec.schema) for name, spec in _OUTPUTS.items()}

    def _document(self, document: _Document, hits: Sequence[Hit], rows: Rows) -> None:
        decisions = self.rules.decide(hits, self.index)
        by_action = {action: [h for h, d in zip(hits, decisions, strict=True) if d.action == action] for action in get_args(Action)}
        cuts = Cuts(spans=(), num_cuts=0)
        if by_action["cut"] and not by_action["drop"]:
            runs = [(hit.doc_start, hit.doc_end) for hit in by_action["cut"]]
            plan = plan_janitor_cuts if self.cut.splitting == "janitor" else plan_cuts
            cuts = cut_until_clean(document.text, runs, self._runs_to_remove, self.cut, plan)
        if by_action["drop"] or cuts.fault:
            self._drop(document.doc_id, by_action["drop"] or by_action["cut"], cuts, rows)
            decisions = [d if d.action == "drop" else Decision(action="drop", reason="document_dropped") for d in decisions]
        else:
            if cuts.spans:
                hits, decisions = self._after_cuts(document, hits, decisions, cuts.spans)
            rows["cuts"] += self._edits(document, by_action["cut"], cuts)
        rows["contamination"] += [self._evidence(document, hit, decision) for hit, decision in zip(hits, decisions, strict=True)]

    def _after_cuts(
        self, document: _Document, hits: Sequence[Hit], decisions: Sequence[Decision], cuts: Sequence[Span]
    ) -> tuple[list[Hit], list[Decision]]:
        """What is told of a document that is cut: what stays is what is met in what is left of it, where a cut broke runs and pieces meet."""
        rest = Rest.of(document.text.encode(), cuts)
        left = self.rules.met(pa.array([rest.text], pa.string()), self.index)[0]
        told = [
            (hit, d if d.action == "cut" else _IN_A_CUT) for hit, d in zip(hits, decisions, strict=True) if d.action == "cut" or _meets(hit, cuts)
        ]
        for hit, decision in zip(left, self.rules.decide(left, self.index), strict=True):
            spans = rest.back((hit.doc_start, hit.doc_end))
            told.append((replace(hit, doc_start=spans[0][0], doc_end=spans[-1][1]), decision))
        told.sort(key=lambda one: (one[0].doc_start, one[0].doc_end, one[0].item, one[0].item_start, one[1].action))
        return [hit for hit, _ in told], [decision for _, decision in told]

    def _runs_to_remove(self, text: str) -> list[Span]:
        """Runs that may not stay in a document that is cut: benchmarks to be dropped count, as their n-grams can arise where pieces meet."""
        return [(hit.doc_start, hit.doc_end) for hit in self.rules.runs_to_remove(pa.array([text], pa.string()), self.index)[0]]

    def _drop(self, doc_id: str, hits: Sequence[Hit], cuts: Cuts, rows: Rows) -> None:
        """The fate, and a verdict for each benchmark that asked for it: n-grams met against the one that suffices, or cuts against the most."""
        reason = "too_many_cuts" if cuts.fault == "too_many_cuts" else "contaminated"
        num_ngrams: dict[str, int] = defaultdict(int)
        for hit in hits:
            num_ngrams[str(self.index.benchmarks[hit.item])] += hit.num_ngrams
        for name, count in sorted(num_ngrams.items()):
            value, threshold = (cuts.num_cuts, self.cut.max_cuts) if reason == "too_many_cuts" else (count, 1)
            verdict = {"doc_id": doc_id, "step": STEP, "rule": f"{STEP}.{name}", "reason": reason}
            rows["verdicts"].append({**verdict, "value": float(value), "threshold": float(threshold)})
        rows["fates"].append({"doc_id": doc_id, "fate": "dropped", "step": STEP, "reason": reason})

    def _edits(self, document: _Document, hits: Sequence[Hit], cuts: Cuts) -> list[dict[str, Any]]:
        """A row a cut. Its cause is the benchmark, or several with ``+`` between them; ``joined_pieces`` where pieces met and made an n-gram.

        A cut through which earlier ones run is several rows, and the first puts in what stands between the pieces.
        """
        rows = []
        for span in cuts.spans:
            names = {str(self.index.benchmarks[hit.item]) for hit in hits if _lies_in(hit, [span])}
            edit = {"from_version": "clean", "step": STEP, "cause": "+".join(sorted(names)) or "joined_pieces"}
            new_length = separator_bytes(span, len(document.text.encode()))
            for start, end in outside(document.in_clean_text(span), document.earlier):
                rows.append({"doc_id": document.doc_id, **edit, "start": start, "end": end, "new_length": new_length})
                new_length = 0
        return rows

    def _evidence(self, document: _Document, hit: Hit, decision: Decision) -> dict[str, Any]:
        benchmark, item_id, part = key_of(hit, self.index)
        place = {name: getattr(hit, name) for name in _PLACE}
        place["doc_start"], place["doc_end"] = document.in_clean_text((hit.doc_start, hit.doc_end))
        item = {"benchmark": benchmark, "item_id": item_id, "part": part}
        return {"doc_id": document.doc_id, **item, **place, "action": decision.action, "reason": decision.reason}


@dataclass(frozen=True)
class CountNgrams:
    """In how many documents of the train side each n-gram of a registered part stands, for those that stand in any of a batch."""

    index: Index
    ngram_words: int

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """``met``: rows of the table ``boilerplate``, to be summed over batches."""
        return {"met": count_ngrams(train_texts(batch)[1], self.index, self.ngram_words)}


def _lies_in(hit: Hit, spans: Sequence[Span]) -> bool:
    return any(start <= hit.doc_start and hit.doc_end <= end for start, end in spans)


def _meets(hit: Hit, spans: Sequence[Span]) -> bool:
    return any(start < hit.doc_end and hit.doc_start < end for start, end in spans)


def train_texts(batch: pa.RecordBatch) -> tuple[pa.Array, pa.Array, dict[int, list[ByteEdit]]]:
    """Ids and texts of the train side, as earlier cuts left them, and those cuts by place."""
    doc_ids, texts, cuts = (_of_train(batch, name) for name in ("doc_id", "text", "cuts"))
    earlier = {number: listed(cuts[number].as_py()) for number in pc.indices_nonzero(cuts.is_valid()).to_pylist()}
    return doc_ids, _left(texts, earlier), earlier


def _of_train(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A column of the batch, of its train side where it has sides; nulls where there is no such column."""
    column = batch.column(name) if name in batch.schema.names else pa.nulls(batch.num_rows, pa.list_(pa.int64()))
    return column.filter(pc.equal(batch.column("split"), "train")) if "split" in batch.schema.names else column


def _left(texts: pa.Array, earlier: Mapping[int, Sequence[ByteEdit]]) -> pa.Array:
    """The texts without what earlier steps cut; none of the others becomes a Python string."""
    if not any(earlier.values()):
        return texts
    is_cut = np.zeros(len(texts), np.bool_)
    is_cut[list(earlier)] = True
    left = [without(texts[number].as_py().encode(), cuts).decode() for number, cuts in earlier.items()]
    return pc.replace_with_mask(texts, pa.array(is_cut), pa.array(left, texts.type))
