"""The body of the step ``scrub``: spans in the final text become placeholders, and every one of them a row.

Detectors see the text after the cuts of earlier steps, because that is what would be published; rows speak of the clean text, as all spans do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from pipelines.contract.schema import EDITS, FATES, PII_SPANS, QUARANTINE
from pipelines.detectors.base import Detector, DetectorGaveUp, Span, find_in_each, naming
from pipelines.detectors.replacement import Replacement, resolve
from pipelines.text.cuts import MARK, listed, outside
from pipelines.text.edits import ByteEdit, Change, apply_bytes, carry, to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FINALS: Final = pa.schema([("doc_id", pa.string()), ("text", pa.string())])
_SCHEMAS: Final = {"pii_spans": PII_SPANS.schema, "edits": EDITS.schema, "finals": FINALS, "quarantine": QUARANTINE.schema, "fates": FATES.schema}
_MAX_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True)
class _Hit:
    """A span to be scrubbed, in bytes of the clean text, and the text that takes its place."""

    start: int
    end: int
    found: Span
    new: str


@dataclass(slots=True, kw_only=True)
class _Document:
    """A document on its way through the rounds."""

    doc_id: str
    source: str | None
    utf8: bytes  # of the clean text
    cuts: list[ByteEdit]
    hits: list[_Hit] = field(default_factory=list)  # what must go so far, sorted and disjoint
    fault: str | None = None

    def parts(self) -> list[_Hit]:
        """The parts of the hits that no cut covers, each with the replacement."""
        return [_Hit(start, end, hit.found, hit.new) for hit in self.hits for start, end in outside((hit.start, hit.end), self.cuts)]

    def edits(self) -> list[ByteEdit]:
        """Cuts and replacements in order."""
        made = [*self.cuts, *(ByteEdit(p.start, p.end, len(p.new.encode())) for p in self.parts())]
        return sorted(made, key=lambda e: (e.start, e.end))

    def final(self) -> bytes:
        """The text after cuts and replacements."""
        edits = [(c.start, c.end, MARK[: c.new_length]) for c in self.cuts] + [(p.start, p.end, p.new.encode()) for p in self.parts()]
        return apply_bytes(self.utf8, sorted(edits))


@dataclass(frozen=True, kw_only=True)
class Scrub:
    """Rows ``doc_id``, ``text`` (clean) and ``cuts`` into ``pii_spans``, ``edits``, ``finals``, and ``quarantine`` and ``fates`` for what has no end.

    ``cuts`` holds an earlier step's edits as a flat list of (start, end, new_length) in bytes of the clean text, sorted, or null; what a cut puts in
    is two newlines, or as many as ``new_length`` allows. The published text is the clean text with the cuts and the edits of this body applied:
    together they are sorted and disjoint. A span that reaches over a cut is given in parts, outside the cut, each with the replacement: a part that
    vanished would leave half a word behind that the text never had.

    Detectors run again on the scrubbed text until they find nothing more, for what was hidden beside a first match may show once it is gone; so a
    scrubbed text scrubs to itself. A text on which they come to no end in so many rounds, or on which one gives up, is set aside: work is counted,
    the clock is not, so that a document has one fate on every machine.
    """

    detectors: Mapping[str, Detector]
    replacement: Replacement = field(default_factory=Replacement)

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """One batch of rows for each table."""
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _SCHEMAS}
        documents = _documents(batch)
        waiting = documents
        for _ in range(_MAX_ROUNDS):
            waiting = self._one_round(waiting)
        for document in waiting:
            document.fault = f"scrubbing came to no end in {_MAX_ROUNDS} rounds; the document is set aside"
        for document in documents:
            if document.fault is None:
                _write(document, rows)
            else:
                _set_aside(document, rows)
        return {name: pa.RecordBatch.from_pylist(rows[name], schema=schema) for name, schema in _SCHEMAS.items()}

    def addresses(self, doc_ids: Sequence[str], urls: Sequence[str | None]) -> list[str | None]:
        """``address`` of each document.

        Raises:
            DetectorTimeout: with the document's id.
        """
        shown = []
        for doc_id, url in zip(doc_ids, urls, strict=True):
            with naming(doc_id):
                shown.append(self.address(url))
        return shown

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
        except DetectorGaveUp:
            return True

    def _one_round(self, documents: list[_Document]) -> list[_Document]:
        """Looks at each document as it stands now; returns those in which something more was found."""
        texts = [document.final().decode() for document in documents]
        doc_ids = [document.doc_id for document in documents]
        answers = {name: find_in_each(detector, texts, doc_ids) for name, detector in self.detectors.items()} if documents else {}
        again = []
        for number, (document, text) in enumerate(zip(documents, texts, strict=True)):
            spans: list[Span] = []
            for name, answer in answers.items():
                found = answer[number]
                if isinstance(found, DetectorGaveUp):
                    document.fault = str(found)
                else:
                    spans += [replace(span, recognizer=f"{name}.{span.recognizer}") for span in found]
            if spans and document.fault is None:
                document.hits = self._joined(document.hits, list(self._placed(document, text, spans)), document.utf8)
                again.append(document)
        return again

    def _placed(self, document: _Document, text: str, spans: list[Span]) -> Iterator[_Hit]:
        """What was found in a text that edits made, carried back to the clean text."""
        resolved = resolve(spans)
        edits = document.edits()
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


def _documents(batch: pa.RecordBatch) -> list[_Document]:
    sources = batch.column("source").to_pylist() if "source" in batch.schema.names else [None] * batch.num_rows
    columns = (batch.column(name).to_pylist() for name in ("doc_id", "text", "cuts"))
    return [
        _Document(doc_id=doc_id, source=source, utf8=text.encode(), cuts=listed(flat))
        for doc_id, text, flat, source in zip(*columns, sources, strict=True)
    ]


def _write(document: _Document, rows: dict[str, list[dict[str, Any]]]) -> None:
    doc_id = document.doc_id
    rows["finals"].append({"doc_id": doc_id, "text": document.final().decode()})
    for part in document.parts():
        rows["pii_spans"].append({"doc_id": doc_id, **_pii_span(part)})
        edit = {"doc_id": doc_id, "from_version": "clean", "start": part.start, "end": part.end, "new_length": len(part.new.encode())}
        rows["edits"].append({**edit, "step": "scrub", "cause": part.found.entity})


def _pii_span(part: _Hit) -> dict[str, Any]:
    found = part.found
    return {
        "entity": found.entity, "start": part.start, "end": part.end,
        "score": found.score, "recognizer": found.recognizer, "replacement": part.new,
    }  # fmt: skip


def _set_aside(document: _Document, rows: dict[str, list[dict[str, Any]]]) -> None:
    quarantined = {"step": "scrub", "source": document.source, "doc_id": document.doc_id, "origin_file": None, "origin_offset": None}
    message = {"num_bytes": len(document.utf8), "error": "detector_gave_up", "message": document.fault}
    rows["quarantine"].append({**quarantined, **message})
    rows["fates"].append({"doc_id": document.doc_id, "fate": "quarantined", "step": "scrub", "reason": "detector_gave_up"})
