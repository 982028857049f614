"""clean: raw text into clean text, every change an ``edits`` row; a document that the first stage's cleaners leave blank ends here.

With several stages the cleaners of all of them work, in order. ``texts`` is what the last leaves; what an earlier one leaves is a table of its own,
``texts_STAGE``, which that stage's signals are measured on. A text that only a later stage leaves blank is judged first: see ``judge``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from pipelines.cleaners.base import Cleaner
from pipelines.contract.schema import EDITS, FATES, SURVIVORS, TEXTS, VERDICTS
from pipelines.steps.base import Outcome, Pass, Work
from pipelines.steps.settings import Curation, described, versions
from pipelines.steps.stages import rounds
from pipelines.text.batch import FACTS
from pipelines.text.edits import Traced, apply, compose_traced, to_bytes
from pipelines.text.language import detect

_CARRIED: Final = ("source", "kind", "origin", "url", "license")
STAGE_TEXTS: Final = pa.schema([TEXTS.schema.field(name) for name in ("doc_id", "text", *FACTS)])
_WRITTEN: Final = (EDITS, SURVIVORS, VERDICTS, FATES)


@dataclass(frozen=True)
class CleanTexts:
    """Applies the cleaners of each stage in order, by the name of the stage's table, and records all that they did as edits of the raw text."""

    stages: Mapping[str, Mapping[str, Cleaner]]

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Texts of every stage, edits, survivors; verdicts and fates for blank documents."""
        schemas = {**dict.fromkeys(self.stages, STAGE_TEXTS), **{s.name: s.schema for s in (TEXTS, *_WRITTEN)}}
        out: dict[str, list[dict[str, Any]]] = {name: [] for name in schemas}
        for row in batch.to_pylist():
            self._document(row, out)
        return {name: pa.RecordBatch.from_pylist(out[name], schema=schema) for name, schema in schemas.items()}

    def _document(self, row: dict[str, Any], out: dict[str, list[dict[str, Any]]]) -> None:
        cleaned = list(self._stage_by_stage(row))
        for name, fields, _ in cleaned[:-1]:
            out[name].append({column: fields[column] for column in STAGE_TEXTS.names})
        _, fields, changes = cleaned[-1]
        utf8 = fields["text"].encode()
        out["texts"].append({**fields, "num_bytes": len(utf8), "sha256": hashlib.sha256(utf8).hexdigest()})
        for traced, (start, end, new) in zip(changes, to_bytes(row["text"], [c.change for c in changes]), strict=True):
            edit = {"doc_id": row["doc_id"], "from_version": "raw", "start": start, "end": end, "new_length": len(new)}
            out["edits"].append({**edit, "step": "clean", "cause": "+".join(traced.causes)})
        if cleaned[0][1]["text"].strip():
            out["survivors"].append({"doc_id": row["doc_id"], "num_bytes": len(utf8)})
            return
        failed = {"doc_id": row["doc_id"], "step": "clean", "reason": "blank_text"}
        out["verdicts"].append({**failed, "rule": "clean.nonblank_characters_min", "value": 0.0, "threshold": 1.0})
        out["fates"].append({**failed, "fate": "dropped"})

    def _stage_by_stage(self, row: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], list[Traced]]]:
        """Each stage's table, the document as it leaves the stage, and all changes of the raw text so far."""
        text, changes, fields = row["text"], list[Traced](), dict[str, Any]()
        for name, chosen in self.stages.items():
            text, changes = _cleaned(text, changes, chosen)
            if not fields or text != fields["text"]:  # the language of a text is looked for once
                code, score = detect(text)
                carried = {column: row[column] for column in _CARRIED}
                fields = {"doc_id": row["doc_id"], "text": text, "language": code, "language_score": score, **carried}
            yield name, fields, changes


def _cleaned(text: str, changes: list[Traced], chosen: Mapping[str, Cleaner]) -> tuple[str, list[Traced]]:
    for name, cleaner in chosen.items():
        more = cleaner.changes(text)
        if more:
            changes = compose_traced(changes, more, name)
            text = apply(text, more)
    return text, changes


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
