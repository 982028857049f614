"""clean: raw text into clean text, every change an ``edits`` row; a document that the first stage's cleaners leave blank ends here.

With several stages the cleaners of all of them work, in order. ``texts`` is what the last leaves; what an earlier one leaves is a table of its own,
``texts_STAGE``, which that stage's signals are measured on. A text that only a later stage leaves blank is judged first: see ``judge``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.cleaners.base import Cleaner, touched
from pipelines.contract.schema import EDITS, FATES, SURVIVORS, TEXTS, VERDICTS
from pipelines.steps.base import Outcome, Pass, Work
from pipelines.steps.settings import Curation, described, versions
from pipelines.steps.stages import rounds
from pipelines.text.batch import FACTS
from pipelines.text.edits import Traced, apply, compose_traced, to_bytes
from pipelines.text.language import UNKNOWN, detect_all
from pipelines.text.words import utf8_buffers

_CARRIED: Final = ("source", "kind", "origin", "url", "license")
STAGE_TEXTS: Final = pa.schema([TEXTS.schema.field(name) for name in ("doc_id", "text", *FACTS)])
_WRITTEN: Final = (EDITS, SURVIVORS, VERDICTS, FATES)


@dataclass(frozen=True)
class CleanTexts:
    """Applies the cleaners of each stage in order, by the name of the stage's table, and records all that they did as edits of the raw text."""

    stages: Mapping[str, Mapping[str, Cleaner]]

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Texts of every stage, edits, survivors; verdicts and fates for blank documents."""
        texts = _Texts(batch.column("text"))
        carried = {name: batch.column(name) for name in ("doc_id", *_CARRIED)}
        out, blank = dict[str, pa.RecordBatch](), pa.array([False] * len(batch), pa.bool_())
        for number, (name, chosen) in enumerate(self.stages.items()):
            texts.clean(chosen)
            rows = {**carried, "text": texts.now, "language": texts.languages, "language_score": texts.scores}
            out[name] = _table(rows, STAGE_TEXTS)
            blank = texts.blank() if not number else blank
        sizes = pc.binary_length(texts.now).cast(pa.int64())
        out[TEXTS.name] = _table({**rows, "num_bytes": sizes, "sha256": _sha256(texts.now)}, TEXTS.schema)
        out["edits"] = texts.edits(carried["doc_id"])
        out["survivors"] = _table({"doc_id": carried["doc_id"], "num_bytes": sizes}, SURVIVORS.schema).filter(pc.invert(blank))
        failed = [{"doc_id": doc_id, "step": "clean", "reason": "blank_text"} for doc_id in carried["doc_id"].filter(blank).to_pylist()]
        broken = {"rule": "clean.nonblank_characters_min", "value": 0.0, "threshold": 1.0}
        out["verdicts"] = pa.RecordBatch.from_pylist([{**row, **broken} for row in failed], schema=VERDICTS.schema)
        out["fates"] = pa.RecordBatch.from_pylist([{**row, "fate": "dropped"} for row in failed], schema=FATES.schema)
        return out


class _Texts:
    """The texts of a batch on their way through the cleaners, the language of each, and all changes of those that changed."""

    def __init__(self, raw: pa.Array) -> None:
        self._raw = raw
        self._changes: dict[int, list[Traced]] = {}
        self.now = raw
        self.languages, self.scores = pa.nulls(len(raw), pa.string()), pa.nulls(len(raw), pa.float64())

    def clean(self, chosen: Mapping[str, Cleaner]) -> None:
        """Lets cleaners work, one after the other, and looks for the language of each text that is new."""
        is_new = pc.is_null(self.languages)
        for name, cleaner in chosen.items():
            is_new = pc.or_(is_new, self._cleaned(name, cleaner))
        languages, scores = detect_all(self.now.filter(is_new))
        self.languages = pc.replace_with_mask(self.languages, is_new, languages)
        self.scores = pc.replace_with_mask(self.scores, is_new, scores)

    def _cleaned(self, name: str, cleaner: Cleaner) -> pa.Array:
        """Whether the cleaner changed each text."""
        new: dict[int, str] = {}
        for number in pc.indices_nonzero(touched(cleaner, self.now)).to_pylist():
            text = self.now[number].as_py()
            changes = cleaner.changes(text)
            if changes:
                self._changes[number] = compose_traced(self._changes.get(number, []), changes, name)
                new[number] = apply(text, changes)
        mask = np.zeros(len(self.now), np.bool_)
        mask[list(new)] = True
        is_new = pa.array(mask)
        if new:
            self.now = pc.replace_with_mask(self.now, is_new, pa.array(list(new.values()), self.now.type))
        return is_new

    def blank(self) -> pa.Array:
        """Whether each text is nothing but white space; a text with a language is not."""
        found = np.zeros(len(self.now), np.bool_)
        unknown = pc.indices_nonzero(pc.equal(self.languages, UNKNOWN[0]))
        found[unknown.to_numpy()] = [not text.strip() for text in self.now.take(unknown).to_pylist()]
        return pa.array(found)

    def edits(self, doc_ids: pa.Array) -> pa.RecordBatch:
        """Rows of ``edits``, in the order of the documents."""
        rows = []
        for number, changes in sorted(self._changes.items()):
            document = {"doc_id": doc_ids[number].as_py(), "from_version": "raw", "step": "clean"}
            spans = to_bytes(self._raw[number].as_py(), [traced.change for traced in changes])
            for traced, (start, end, new) in zip(changes, spans, strict=True):
                rows.append({**document, "start": start, "end": end, "new_length": len(new), "cause": "+".join(traced.causes)})
        return pa.RecordBatch.from_pylist(rows, schema=EDITS.schema)


def _table(columns: Mapping[str, pa.Array], schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([columns[field.name].cast(field.type) for field in schema], schema=schema)


def _sha256(texts: pa.Array) -> pa.Array:
    """Of each text's bytes, which are not copied."""
    offsets, data = utf8_buffers(texts)
    bytes_of, ends = memoryview(data.data), offsets.tolist()
    return pa.array([hashlib.sha256(bytes_of[start:end]).hexdigest() for start, end in pairwise(ends)], pa.string())


class Clean:
    """See the module."""

    name = "clean"
    version = 2

    def params(self, config: Curation) -> Any:
        """The cleaners' parameters, in order."""
        stages = {stage.texts: list(described(stage.cleaners).items()) for stage in rounds(config)}
        return list(stages.items()) if config.stages else stages[TEXTS.name]

    def parts(self, config: Curation) -> dict[str, int]:
        """The cleaners' versions."""
        return {name: version for stage in rounds(config) for name, version in versions(stage.cleaners).items()}

    def reads(self, config: Curation) -> tuple[tuple[str, str], ...]:  # noqa: ARG002
        """Documents."""
        return (("ingest", "documents"), ("ingest", "survivors"))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:
        """Texts, also those of earlier stages, edits, survivors, verdicts, fates."""
        return {**{s.texts: STAGE_TEXTS for s in rounds(config)}, **{s.name: s.schema for s in (TEXTS, *_WRITTEN)}}

    def passes(self, config: Curation) -> tuple[Pass, ...]:
        """One, over what ingest writes."""
        stages = {stage.texts: stage.cleaners for stage in rounds(config)}
        columns, outputs = ("doc_id", "text", *_CARRIED), self.outputs(config)
        return (Pass(name="texts", reads=("ingest", "documents"), make=lambda _: CleanTexts(stages), outputs=outputs, columns=columns),)

    def run(self, work: Work) -> Outcome:
        """One pass."""
        tables = work.over(*self.passes(work.config))
        before = work.table("ingest", "survivors")
        account = work.account(before, tables["survivors"], fates=tables["fates"], edits=tables["edits"])
        return Outcome(tables=tables, account=account)
