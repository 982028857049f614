"""The body of the step ``scrub``: spans in the final text become placeholders, and every one of them a row.

Detectors see the text after the cuts of earlier steps, because that is what would be published; rows speak of the clean text, as all spans do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from pipelines.contract.schema import EDITS, FATES, PII_SPANS, QUARANTINE
from pipelines.detectors.base import Detector, DetectorTimeout, Span
from pipelines.detectors.replacement import Replacement, resolve
from pipelines.text.edits import ByteEdit, Change, apply_bytes, carry, to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

FINALS: Final = pa.schema([("doc_id", pa.string()), ("text", pa.string())])
_CUT_MARK: Final = b"\n\n"
_SCHEMAS: Final = {"pii_spans": PII_SPANS.schema, "edits": EDITS.schema, "finals": FINALS, "quarantine": QUARANTINE.schema, "fates": FATES.schema}
_MAX_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True)
class _Hit:
    """A span to be scrubbed, in bytes of the clean text, and the text that takes its place."""

    start: int
    end: int
    found: Span
    new: str


@dataclass(frozen=True, kw_only=True)
class Scrub:
    """Rows ``doc_id``, ``text`` (clean) and ``cuts`` into ``pii_spans``, ``edits``, ``finals``, and ``quarantine`` and ``fates`` for timeouts.

    ``cuts`` holds an earlier step's edits as a flat list of (start, end, new_length) in bytes of the clean text, sorted, or null; what a cut puts in
    is two newlines, or as many as ``new_length`` allows. The published text is the clean text with the cuts and the edits of this body applied:
    together they are sorted and disjoint. A span that reaches over a cut is given in parts, outside the cut: the first part takes the replacement,
    the others vanish.

    Detectors run again on the scrubbed text until they find nothing more, for what was hidden beside a first match may show once it is gone; so a
    scrubbed text scrubs to itself. A text on which they never come to an end, or a recogniser gives up, is set aside.
    """

    detectors: Mapping[str, Detector]
    replacement: Replacement = field(default_factory=Replacement)

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """One batch of rows for each table."""
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _SCHEMAS}
        names = batch.schema.names
        sources = batch.column("source").to_pylist() if "source" in names else [None] * batch.num_rows
        columns = (batch.column(name).to_pylist() for name in ("doc_id", "text", "cuts"))
        for doc_id, text, cuts, source in zip(*columns, sources, strict=True):
            try:
                self._document(doc_id, text, cuts or [], rows)
            except DetectorTimeout as timeout:
                _set_aside(doc_id, source, len(text.encode()), str(timeout), rows)
        return {name: pa.RecordBatch.from_pylist(rows[name], schema=schema) for name, schema in _SCHEMAS.items()}

    def address(self, url: str | None) -> str | None:
        """As much of a document's address as holds no personal data: all of it, or up to its path, or its host; None where even that does.

        Percent-encoding hides nothing. The clean text and its spans have no part in this: an address is dropped or kept, never edited.
        """
        if url is None or not self._is_personal(url):
            return url
        try:
            place = urlsplit(url)
            host = place.hostname or ""
        except ValueError:  # such as a port that is no number
            return None
        whole, bare = f"{place.scheme}://{host}{place.path}", f"{place.scheme}://{host}"
        return next((shorter for shorter in (whole, bare) if host and not self._is_personal(shorter)), None)

    def _is_personal(self, url: str) -> bool:
        try:
            return any(detector.find(text) for detector in self.detectors.values() for text in {url, unquote(url)})
        except DetectorTimeout:
            return True

    def _document(self, doc_id: str, text: str, flat_cuts: list[int], rows: dict[str, list[dict[str, Any]]]) -> None:
        utf8 = text.encode()
        cuts = [ByteEdit(*flat_cuts[i : i + 3]) for i in range(0, len(flat_cuts), 3)]
        hits = self._hits(utf8, cuts)
        parts = [part for hit in hits for part in _outside(hit, cuts)]
        rows["finals"].append({"doc_id": doc_id, "text": _final(utf8, cuts, parts).decode()})
        for part in parts:
            rows["pii_spans"].append({"doc_id": doc_id, **_pii_span(part)})
            edit = {"doc_id": doc_id, "from_version": "clean", "start": part.start, "end": part.end, "new_length": len(part.new.encode())}
            rows["edits"].append({**edit, "step": "scrub", "cause": part.found.entity})

    def _hits(self, utf8: bytes, cuts: list[ByteEdit]) -> list[_Hit]:
        """What must go, in bytes of the clean text, sorted and disjoint."""
        hits: list[_Hit] = []
        for _ in range(_MAX_ROUNDS):
            parts = [part for hit in hits for part in _outside(hit, cuts)]
            edits = sorted([*cuts, *(ByteEdit(p.start, p.end, len(p.new.encode())) for p in parts)], key=lambda e: (e.start, e.end))
            text = _final(utf8, cuts, parts).decode()
            more = list(self._found(text, edits))
            if not more:
                return hits
            hits = self._joined(hits, more, utf8)
        raise DetectorTimeout(f"scrubbing came to no end in {_MAX_ROUNDS} rounds; the document is set aside")

    def _found(self, text: str, edits: list[ByteEdit]) -> Iterator[_Hit]:
        """What the detectors find in a text that the edits made, carried back to the clean text."""
        spans = [
            Span(start=s.start, end=s.end, entity=s.entity, score=s.score, recognizer=f"{name}.{s.recognizer}")
            for name, detector in self.detectors.items()
            for s in detector.find(text)
        ]
        resolved = resolve(spans)
        places = to_bytes(text, [Change(s.start, s.end, "") for s in resolved])
        for span, (low, high, _) in zip(resolved, places, strict=True):
            start, end = carry((low, high), edits, "before")
            yield _Hit(start, end, span, self.replacement.text_for(span.entity, text[span.start : span.end]))

    def _joined(self, hits: list[_Hit], more: list[_Hit], utf8: bytes) -> list[_Hit]:
        """Earlier and new hits; a new one that reaches over an earlier one takes its place, for all that both covered."""
        joined: list[_Hit] = []
        for hit in sorted([*hits, *more], key=lambda h: (h.start, h.end, h.found.entity)):
            if joined and hit.start < joined[-1].end:
                last = joined.pop()
                wider = last if last.end - last.start >= hit.end - hit.start else hit
                start, end = last.start, max(last.end, hit.end)
                value = utf8[start:end].decode()
                joined.append(_Hit(start, end, wider.found, self.replacement.text_for(wider.found.entity, value)))
            else:
                joined.append(hit)
        return joined


def _outside(hit: _Hit, cuts: list[ByteEdit]) -> Iterator[_Hit]:
    """The parts of a hit that no cut covers; the first carries the replacement."""
    start, new = hit.start, hit.new
    for cut in cuts:
        if cut.start < hit.end and start < cut.end:
            if start < cut.start:
                yield _Hit(start, cut.start, hit.found, new)
                new = ""
            start = cut.end
    if start < hit.end:
        yield _Hit(start, hit.end, hit.found, new)


def _final(utf8: bytes, cuts: list[ByteEdit], parts: list[_Hit]) -> bytes:
    edits = [(c.start, c.end, _CUT_MARK[: c.new_length]) for c in cuts] + [(p.start, p.end, p.new.encode()) for p in parts]
    return apply_bytes(utf8, sorted(edits))


def _pii_span(part: _Hit) -> dict[str, Any]:
    found = part.found
    return {
        "entity": found.entity, "start": part.start, "end": part.end,
        "score": found.score, "recognizer": found.recognizer, "replacement": part.new,
    }  # fmt: skip


def _set_aside(doc_id: str, source: str | None, num_bytes: int, message: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    quarantined = {"step": "scrub", "source": source, "doc_id": doc_id, "origin_file": None, "origin_offset": None, "num_bytes": num_bytes}
    rows["quarantine"].append({**quarantined, "error": "detector_timeout", "message": message})
    rows["fates"].append({"doc_id": doc_id, "fate": "quarantined", "step": "scrub", "reason": "detector_timeout"})
