"""clean: raw text into clean text, every change an ``edits`` row; a blank document ends here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipelines.cleaners.base import Cleaner, cleaners
from pipelines.contract.schema import EDITS, FATES, SURVIVORS, TEXTS, VERDICTS
from pipelines.steps.base import Outcome, Work
from pipelines.steps.settings import Curation, described, parts, versions
from pipelines.text.edits import Change, apply, compose, to_bytes
from pipelines.text.language import detect

_CARRIED = ("source", "kind", "origin", "url", "license")


@dataclass(frozen=True)
class CleanTexts:
    """Applies cleaners in order and records what they did as one list of edits of the raw text."""

    cleaners: Mapping[str, Cleaner]

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Texts, edits, survivors; verdicts and fates for blank documents."""
        out: dict[str, list[dict[str, Any]]] = {name: [] for name in ("texts", "edits", "survivors", "verdicts", "fates")}
        for row in batch.to_pylist():
            self._document(row, out)
        specs = (TEXTS, EDITS, SURVIVORS, VERDICTS, FATES)
        return {s.name: pa.RecordBatch.from_pylist(out[s.name], schema=s.schema) for s in specs}

    def _document(self, row: dict[str, Any], out: dict[str, list[dict[str, Any]]]) -> None:
        text, changes, causes = self._cleaned(row["text"])
        utf8 = text.encode()
        code, _ = detect(text)
        fields = {"doc_id": row["doc_id"], "text": text, "language": code, "num_bytes": len(utf8), "sha256": hashlib.sha256(utf8).hexdigest()}
        out["texts"].append(fields | {name: row[name] for name in _CARRIED})
        for start, end, new in to_bytes(row["text"], changes):
            edit = {"doc_id": row["doc_id"], "from_version": "raw", "start": start, "end": end, "new_length": len(new)}
            out["edits"].append({**edit, "step": "clean", "cause": causes})
        if text.strip():
            out["survivors"].append({"doc_id": row["doc_id"], "num_bytes": len(utf8)})
            return
        failed = {"doc_id": row["doc_id"], "step": "clean", "reason": "blank_text"}
        out["verdicts"].append({**failed, "rule": "clean.nonblank_characters_min", "value": 0.0, "threshold": 1.0})
        out["fates"].append({**failed, "fate": "dropped"})

    def _cleaned(self, text: str) -> tuple[str, list[Change], str]:
        changes: list[Change] = []
        causes = []
        for name, cleaner in self.cleaners.items():
            more = cleaner.changes(text)
            if more:
                changes = compose(changes, more)
                text = apply(text, more)
                causes.append(name)
        return text, changes, "+".join(causes)


class Clean:
    """See the module."""

    name = "clean"
    version = 1

    def params(self, config: Curation) -> Any:
        """The cleaners' parameters, in order."""
        return list(described(parts(cleaners, config.clean.cleaners, "clean.cleaners")).items())

    def parts(self, config: Curation) -> dict[str, int]:
        """The cleaners' versions."""
        return versions(parts(cleaners, config.clean.cleaners, "clean.cleaners"))

    def reads(self, config: Curation) -> tuple[tuple[str, str], ...]:  # noqa: ARG002
        """Documents."""
        return (("ingest", "documents"), ("ingest", "survivors"))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Texts, edits, survivors, verdicts, fates."""
        return {s.name: s.schema for s in (TEXTS, EDITS, SURVIVORS, VERDICTS, FATES)}

    def run(self, work: Work) -> Outcome:
        """One pass."""
        body = CleanTexts(parts(cleaners, work.config.clean.cleaners, "clean.cleaners"))
        columns = ["doc_id", "text", *_CARRIED]
        tables = work.map(work.table("ingest", "documents"), body, self.outputs(work.config), columns=columns)
        before = work.table("ingest", "survivors")
        account = work.account(before, tables["survivors"], fates=tables["fates"], edits=tables["edits"])
        return Outcome(tables=tables, account=account)
