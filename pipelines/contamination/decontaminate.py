"""What is done about benchmark items in documents: evidence for every hit, then drop, cut or flag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contamination.cut import CutRule, Cuts, Span, cut_until_clean, separator_bytes
from pipelines.contamination.ngrams import Hit, NgramIndex, scan
from pipelines.contract.errors import ConfigError
from pipelines.contract.schema import CONTAMINATION, EDITS, FATES, VERDICTS
from pipelines.text.cuts import listed, outside, without
from pipelines.text.edits import ByteEdit, carry

if TYPE_CHECKING:
    Rows = dict[str, list[dict[str, Any]]]

Action = Literal["drop", "cut", "flag"]
STEP: Final = "decontaminate"
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

    A document with text of a benchmark whose action is drop goes. Else text of those whose action is cut is taken out, by ``rule``, until none is
    left; a document that this would tear apart, or leave nothing of, goes too. Text that is only flagged stays where it is. The evidence has the
    action really taken: drop for everything in a document that went, cut for every run that lies in a cut.

    Where there is a column ``cuts``, what earlier steps took out is not looked at, and what they left is looked at as it will be read: lines that met
    may hold an item between them. Spans and edits speak of the clean text all the same, and edits leave out what is cut already.

    Attributes:
        index: registered parts.
        action_by_benchmark: what is done, for every benchmark of the index.
        rule: how much is cut with a run.
    """

    index: NgramIndex
    action_by_benchmark: Mapping[str, Action]
    rule: CutRule = field(default_factory=CutRule)

    def __post_init__(self) -> None:
        """Raises ConfigError where a benchmark has no action, or one that does not exist."""
        for name in sorted(set(self.index.benchmarks)):
            if self.action_by_benchmark.get(name) not in get_args(Action):
                raise ConfigError(f"decontaminate.actions.{name}: got {self.action_by_benchmark.get(name)!r}; expected one of {get_args(Action)}")

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """``contamination``, ``cuts`` (rows of edits), ``verdicts`` and ``fates``. Where there is a column ``split``, only train is looked at."""
        rows: Rows = {name: [] for name in _OUTPUTS}
        doc_ids, texts, cuts = (_of_train(batch, name) for name in ("doc_id", "text", "cuts"))
        earlier = {number: listed(cuts[number].as_py()) for number in pc.indices_nonzero(cuts.is_valid()).to_pylist()}
        texts = _left(texts, earlier)
        for number, hits in enumerate(scan(texts, self.index)):
            if hits:
                self._document(_Document(doc_ids[number].as_py(), texts[number].as_py(), earlier.get(number, ())), hits, rows)
        return {name: pa.RecordBatch.from_pylist(rows[name], schema=spec.schema) for name, spec in _OUTPUTS.items()}

    def _document(self, document: _Document, hits: Sequence[Hit], rows: Rows) -> None:
        actions = [self._action(hit) for hit in hits]
        cuts = Cuts(spans=(), num_cuts=0)
        if "drop" not in actions:
            runs = [(hit.doc_start, hit.doc_end) for hit, action in zip(hits, actions, strict=True) if action == "cut"]
            cuts = cut_until_clean(document.text, runs, self._runs_to_remove, self.rule) if runs else cuts
        if "drop" in actions or cuts.fault:
            asked = "drop" if "drop" in actions else "cut"
            self._drop(document.doc_id, [hit for hit, action in zip(hits, actions, strict=True) if action == asked], cuts, rows)
            actions = ["drop"] * len(hits)
        else:
            actions = ["cut" if _lies_in(hit, cuts.spans) else action for hit, action in zip(hits, actions, strict=True)]
            rows["cuts"] += self._edits(document, hits, cuts)
        rows["contamination"] += [self._evidence(document, hit, action) for hit, action in zip(hits, actions, strict=True)]

    def _runs_to_remove(self, text: str) -> list[Span]:
        """Runs that may not stay in a document that is cut: benchmarks to be dropped count, as their n-grams can arise where pieces meet."""
        return [(hit.doc_start, hit.doc_end) for hit in scan(pa.array([text], pa.string()), self.index)[0] if self._action(hit) != "flag"]

    def _drop(self, doc_id: str, hits: Sequence[Hit], cuts: Cuts, rows: Rows) -> None:
        """The fate, and a verdict for each benchmark that asked for it: n-grams met against the one that suffices, or cuts against the most."""
        reason = "too_many_cuts" if cuts.fault == "too_many_cuts" else "contaminated"
        num_ngrams: dict[str, int] = defaultdict(int)
        for hit in hits:
            num_ngrams[self.index.benchmarks[hit.item]] += hit.num_ngrams
        for name, count in sorted(num_ngrams.items()):
            value, threshold = (cuts.num_cuts, self.rule.max_cuts) if reason == "too_many_cuts" else (count, 1)
            verdict = {"doc_id": doc_id, "step": STEP, "rule": f"{STEP}.{name}", "reason": reason}
            rows["verdicts"].append({**verdict, "value": float(value), "threshold": float(threshold)})
        rows["fates"].append({"doc_id": doc_id, "fate": "dropped", "step": STEP, "reason": reason})

    def _edits(self, document: _Document, hits: Sequence[Hit], cuts: Cuts) -> list[dict[str, Any]]:
        """A row a cut. Its cause is the benchmark, or several with ``+`` between them; ``joined_pieces`` where pieces met and made an n-gram.

        A cut through which earlier ones run is several rows, and the first puts in what stands between the pieces.
        """
        rows = []
        for span in cuts.spans:
            names = {self.index.benchmarks[h.item] for h in hits if self._action(h) == "cut" and _lies_in(h, [span])}
            edit = {"from_version": "clean", "step": STEP, "cause": "+".join(sorted(names)) or "joined_pieces"}
            new_length = separator_bytes(span, len(document.text.encode()))
            for start, end in outside(document.in_clean_text(span), document.earlier):
                rows.append({"doc_id": document.doc_id, **edit, "start": start, "end": end, "new_length": new_length})
                new_length = 0
        return rows

    def _evidence(self, document: _Document, hit: Hit, action: Action) -> dict[str, Any]:
        item = {"benchmark": self.index.benchmarks[hit.item], "item_id": self.index.item_ids[hit.item], "part": self.index.parts[hit.item]}
        place = {name: getattr(hit, name) for name in _PLACE}
        place["doc_start"], place["doc_end"] = document.in_clean_text((hit.doc_start, hit.doc_end))
        return {"doc_id": document.doc_id, **item, **place, "action": action}

    def _action(self, hit: Hit) -> Action:
        return self.action_by_benchmark[self.index.benchmarks[hit.item]]


def _lies_in(hit: Hit, spans: Sequence[Span]) -> bool:
    return any(start <= hit.doc_start and hit.doc_end <= end for start, end in spans)


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
