"""What is done about benchmark items in documents: evidence for every hit, then drop, cut or flag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import pyarrow as pa

from pipelines.contamination.cut import CutRule, Cuts, Span, cut_until_clean, separator_bytes
from pipelines.contamination.ngrams import Hit, NgramIndex, scan
from pipelines.contract.errors import ConfigError
from pipelines.contract.schema import CONTAMINATION, EDITS, FATES, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    Rows = dict[str, list[dict[str, Any]]]

Action = Literal["drop", "cut", "flag"]
STEP: Final = "decontaminate"
_OUTPUTS: Final = {"contamination": CONTAMINATION, "cuts": EDITS, "verdicts": VERDICTS, "fates": FATES}
_PLACE: Final = ("num_ngrams", "coverage", "doc_start", "doc_end", "item_start", "item_end")


@dataclass(frozen=True)
class Decontaminate:
    """Scans documents and settles what happens to those that hold registered text.

    A document with text of a benchmark whose action is drop goes. Else text of those whose action is cut is taken out, by ``rule``, until none is
    left; a document that this would tear apart, or leave nothing of, goes too. Text that is only flagged stays where it is. The evidence has the
    action really taken: drop for everything in a document that went, cut for every run that lies in a cut.

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
        if "split" in batch.schema.names:
            batch = batch.filter(pa.array([split == "train" for split in batch.column("split").to_pylist()], pa.bool_()))
        for number, hits in enumerate(scan(batch.column("text"), self.index)):
            if hits:
                self._document(batch.column("doc_id")[number].as_py(), batch.column("text")[number].as_py(), hits, rows)
        return {name: pa.RecordBatch.from_pylist(rows[name], schema=spec.schema) for name, spec in _OUTPUTS.items()}

    def _document(self, doc_id: str, text: str, hits: Sequence[Hit], rows: Rows) -> None:
        actions = [self._action(hit) for hit in hits]
        cuts = Cuts(spans=(), num_cuts=0)
        if "drop" not in actions:
            runs = [(hit.doc_start, hit.doc_end) for hit, action in zip(hits, actions, strict=True) if action == "cut"]
            cuts = cut_until_clean(text, runs, self._runs_to_remove, self.rule) if runs else cuts
        if "drop" in actions or cuts.fault:
            self._drop(
                doc_id, [hit for hit, action in zip(hits, actions, strict=True) if action == ("drop" if "drop" in actions else "cut")], cuts, rows
            )
            actions = ["drop"] * len(hits)
        else:
            actions = ["cut" if _lies_in(hit, cuts.spans) else action for hit, action in zip(hits, actions, strict=True)]
            rows["cuts"] += self._edits(doc_id, len(text.encode()), hits, cuts)
        rows["contamination"] += [self._evidence(doc_id, hit, action) for hit, action in zip(hits, actions, strict=True)]

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

    def _edits(self, doc_id: str, num_bytes: int, hits: Sequence[Hit], cuts: Cuts) -> list[dict[str, Any]]:
        """A row a cut. Its cause is the benchmark, or several with ``+`` between them; ``joined_pieces`` where pieces met and made an n-gram."""
        edit = {"doc_id": doc_id, "from_version": "clean", "step": STEP}
        causes = [{self.index.benchmarks[h.item] for h in hits if self._action(h) == "cut" and _lies_in(h, [span])} for span in cuts.spans]
        return [
            {
                **edit,
                "start": span[0],
                "end": span[1],
                "new_length": separator_bytes(span, num_bytes),
                "cause": "+".join(sorted(names)) or "joined_pieces",
            }
            for span, names in zip(cuts.spans, causes, strict=True)
        ]

    def _evidence(self, doc_id: str, hit: Hit, action: Action) -> dict[str, Any]:
        item = {"benchmark": self.index.benchmarks[hit.item], "item_id": self.index.item_ids[hit.item], "part": self.index.parts[hit.item]}
        return {"doc_id": doc_id, **item, **{name: getattr(hit, name) for name in _PLACE}, "action": action}

    def _action(self, hit: Hit) -> Action:
        return self.action_by_benchmark[self.index.benchmarks[hit.item]]


def _lies_in(hit: Hit, spans: Sequence[Span]) -> bool:
    return any(start <= hit.doc_start and hit.doc_end <= end for start, end in spans)
