"""What is done about benchmark items in documents: evidence for every hit, then drop, cut or flag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import pyarrow as pa

from pipelines.contamination.cut import MAX_CUTS, SEPARATOR, Span, cuts
from pipelines.contamination.ngrams import Hit, NgramIndex, scan_text
from pipelines.contract.schema import CONTAMINATION, EDITS, FATES, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

Action = Literal["drop", "cut", "flag"]
_MAX_ROUNDS: Final = 8  # cutting can join two halves of an n-gram; what is not clean after so many rounds goes whole


@dataclass(frozen=True)
class Decontaminate:
    """Scans documents of the train side (a column ``split`` is obeyed where there is one)."""

    index: NgramIndex
    action_by_benchmark: Mapping[str, Action]

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """``contamination``, ``cuts`` (rows of edits), ``verdicts`` and ``fates``."""
        out: dict[str, list[dict[str, Any]]] = {name: [] for name in ("contamination", "cuts", "verdicts", "fates")}
        splits = batch.column("split").to_pylist() if "split" in batch.schema.names else ["train"] * batch.num_rows
        for doc_id, text, split in zip(batch.column("doc_id").to_pylist(), batch.column("text").to_pylist(), splits, strict=True):
            hits = scan_text(text, self.index) if split == "train" else []
            if hits:
                self._document(doc_id, text, hits, out)
        schemas = {"contamination": CONTAMINATION, "cuts": EDITS, "verdicts": VERDICTS, "fates": FATES}
        return {name: pa.RecordBatch.from_pylist(rows, schema=schemas[name].schema) for name, rows in out.items()}

    def _document(self, doc_id: str, text: str, hits: Sequence[Hit], out: dict[str, list[dict[str, Any]]]) -> None:
        actions = [self.action_by_benchmark[self.index.benchmarks[h.item]] for h in hits]
        to_cut = [h for h, action in zip(hits, actions, strict=True) if action == "cut"]
        spans = self._cuts(text, to_cut) if to_cut else []
        if "drop" in actions or spans is None:
            self._drop(doc_id, hits, actions, spans, out)
            actions = ["drop"] * len(hits)
        else:
            size = len(text.encode())
            for start, end in spans:
                is_at_an_end = start == 0 or end == size
                edit = {"doc_id": doc_id, "from_version": "clean", "start": start, "end": end, "step": "decontaminate"}
                out["cuts"].append({**edit, "new_length": 0 if is_at_an_end else len(SEPARATOR), "cause": self._cause(to_cut, (start, end))})
            actions = ["cut" if _lies_in(h, spans) else action for h, action in zip(hits, actions, strict=True)]
        out["contamination"] += [self._evidence(doc_id, h, action) for h, action in zip(hits, actions, strict=True)]

    def _cuts(self, text: str, hits: Sequence[Hit]) -> list[Span] | None:
        """Cuts after which no n-gram of a benchmark that is to be cut is left; None where the text goes whole."""
        utf8 = text.encode()
        runs = [(h.doc_start, h.doc_end) for h in hits]
        for _ in range(_MAX_ROUNDS):
            spans = cuts(text, runs)
            if spans is None:
                return None
            rest, places = _rest(utf8, spans)
            left = [h for h in scan_text(rest, self.index) if self.action_by_benchmark[self.index.benchmarks[h.item]] == "cut"]
            if not left:
                return spans
            runs += [(_back(h.doc_start, places), _back(h.doc_end - 1, places) + 1) for h in left]
        return None

    def _drop(
        self, doc_id: str, hits: Sequence[Hit], actions: Sequence[Action], spans: Sequence[Span] | None, out: dict[str, list[dict[str, Any]]]
    ) -> None:
        by_benchmark: dict[str, int] = {}
        for hit, action in zip(hits, actions, strict=True):
            if action == "drop" or (spans is None and action == "cut"):
                name = self.index.benchmarks[hit.item]
                by_benchmark[name] = by_benchmark.get(name, 0) + hit.num_ngrams
        reason = "contaminated" if "drop" in actions else "too_many_cuts"
        for name, count in sorted(by_benchmark.items()):
            verdict = {"doc_id": doc_id, "step": "decontaminate", "rule": f"decontaminate.{name}", "reason": reason}
            threshold = 1.0 if reason == "contaminated" else float(MAX_CUTS)
            out["verdicts"].append({**verdict, "value": float(count), "threshold": threshold})
        out["fates"].append({"doc_id": doc_id, "fate": "dropped", "step": "decontaminate", "reason": reason})

    def _cause(self, hits: Sequence[Hit], span: Span) -> str:
        names = {self.index.benchmarks[h.item] for h in hits if _lies_in(h, [span])}
        return "+".join(sorted(names)) or "joined_pieces"

    def _evidence(self, doc_id: str, hit: Hit, action: str) -> dict[str, Any]:
        place = {name: getattr(hit, name) for name in ("num_ngrams", "coverage", "doc_start", "doc_end", "item_start", "item_end")}
        item = {"benchmark": self.index.benchmarks[hit.item], "item_id": self.index.item_ids[hit.item], "part": self.index.parts[hit.item]}
        return {"doc_id": doc_id, **item, **place, "action": action}


def _lies_in(hit: Hit, spans: Sequence[Span]) -> bool:
    return any(start <= hit.doc_start and hit.doc_end <= end for start, end in spans)


def _rest(utf8: bytes, spans: Sequence[Span]) -> tuple[str, list[tuple[int, int]]]:
    """What is left, and where each piece of it begins: (byte of the rest, byte of the text)."""
    pieces: list[bytes] = []
    places: list[tuple[int, int]] = []
    left = length = 0
    for start, end in [*spans, (len(utf8), len(utf8))]:
        if start > left:
            if pieces:
                pieces.append(SEPARATOR)
                length += len(SEPARATOR)
            places.append((length, left))
            pieces.append(utf8[left:start])
            length += start - left
        left = end
    return b"".join(pieces).decode(), places


def _back(byte: int, places: Sequence[tuple[int, int]]) -> int:
    of_rest, of_text = max((p for p in places if p[0] <= byte), default=(0, 0))
    return of_text + byte - of_rest
