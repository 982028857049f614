"""The body of the step ``scrub``: spans in the final text become placeholders, and every one of them a row.

Detectors see the text after the cuts of earlier steps, because that is what would be published; rows speak of the clean text, as all spans do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.schema import EDITS, FATES, PII_PASSED_OVER, PII_SPANS, QUARANTINE
from pipelines.detectors.base import Detector, DetectorGaveUp, Span, find_in_each, is_personal
from pipelines.detectors.replacement import Replacement, resolve
from pipelines.text.cuts import MARK, listed, outside
from pipelines.text.edits import ByteEdit, Change, apply_bytes, carry, to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    _PassedOver = tuple[str, int, int, Span]  # doc_id, first byte of the clean text, first byte after it, and what was found there

FINALS: Final = pa.schema([("doc_id", pa.string()), ("text", pa.string())])
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
        if not self.cuts:
            return self.hits
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
    """Rows ``doc_id``, ``text`` (clean) and ``cuts`` into ``pii_spans``, ``pii_passed_over``, ``edits`` and ``finals``, and what has no end aside.

    ``cuts`` holds an earlier step's edits as a flat list of (start, end, new_length) in bytes of the clean text, sorted, or null; what a cut puts in
    is two newlines, or as many as ``new_length`` allows. The published text is the clean text with the cuts and the edits of this body applied:
    together they are sorted and disjoint. A span that reaches over a cut is given in parts, outside the cut, each with the replacement: a part that
    vanished would leave half a word behind that the text never had.

    Detectors run again on the scrubbed text until they find nothing more, for what was hidden beside a first match may show once it is gone; so a
    scrubbed text scrubs to itself. A text on which they come to no end in so many rounds, or on which one gives up, is set aside: work is counted,
    the clock is not, so that a document has one fate on every machine. What a detector passes over is told as it stands in the final text.
    """

    detectors: Mapping[str, Detector]
    replacement: Replacement = field(default_factory=Replacement)

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """One batch of rows for each table. A text in which nothing is cut or found goes through as it came; no string is made of it."""
        changed, passed_over = self._changed(batch)
        faulty = {row for row, document in changed.items() if document.fault is not None}
        finals = pa.RecordBatch.from_arrays([batch.column("doc_id"), _with(batch.column("text"), changed)], schema=FINALS)
        if faulty:
            finals = finals.filter(pa.array(row not in faulty for row in range(batch.num_rows)))
        scrubbed = [changed[row] for row in sorted(changed) if row not in faulty]
        aside = [changed[row] for row in sorted(faulty)]
        return {**_spans(scrubbed, self.replacement.style), "pii_passed_over": _passed_over(passed_over), "finals": finals, **_set_aside(aside)}

    def personal(self, texts: pa.Array, doc_ids: pa.Array) -> list[bool]:
        """Whether a detector finds anything in each text as it stands, or gives up on it.

        Raises:
            DetectorTimeout: with the document's id.
        """
        found = [False] * len(texts)
        for detector in self.detectors.values():
            answers = find_in_each(detector, texts, doc_ids)
            found = [known or is_personal(answer) for known, answer in zip(found, answers, strict=True)]
        return found

    def addresses(self, urls: pa.Array, doc_ids: pa.Array) -> pa.Array:
        """``address`` of each document.

        Raises:
            DetectorTimeout: with the document's id.
        """
        quoted = pc.indices_nonzero(pc.fill_null(pc.match_substring(urls, "%"), fill_value=False))
        given = pc.indices_nonzero(pc.is_valid(urls))
        rows = pa.concat_arrays([given, quoted])
        texts = pa.concat_arrays([urls.take(given), pa.array(map(unquote, urls.take(quoted).to_pylist()), urls.type)])
        found = self.personal(texts, doc_ids.take(rows))
        personal = {row for row, is_personal in zip(rows.to_pylist(), found, strict=True) if is_personal}
        if not personal:
            return urls
        return pa.array((self._shortened(url) if row in personal else url for row, url in enumerate(urls.to_pylist())), urls.type)

    def address(self, url: str | None) -> str | None:
        """As much of a document's address as holds no personal data: all of it, or up to its path, or its host; None where even that does.

        Percent-encoding hides nothing. The clean text and its spans have no part in this: an address is dropped or kept, never edited.
        """
        return url if url is None or not self._is_personal(url) else self._shortened(url)

    def _shortened(self, url: str) -> str | None:
        try:
            place = urlsplit(url)
            host = place.hostname or ""
        except ValueError:  # such as a port that is no number
            return None
        whole, bare = f"{place.scheme}://{host}{place.path}", f"{place.scheme}://{host}"
        return next((shorter for shorter in (whole, bare) if host and not self._is_personal(shorter)), None)

    def _is_personal(self, url: str) -> bool:
        return any(self.personal(pa.array([url, unquote(url)], pa.string()), pa.array(["of an address"] * 2)))

    def _changed(self, batch: pa.RecordBatch) -> tuple[dict[int, _Document], list[_PassedOver]]:
        """Documents that are not published as they came, by their row, and what is passed over in any: (doc_id, start, end, span)."""
        cut = pc.indices_nonzero(pc.fill_null(pc.greater(pc.list_value_length(batch.column("cuts")), 0), fill_value=False)).to_pylist()
        changed = {row: _document(batch, row) for row in cut}
        waiting: list[int] = []
        passed_over: list[_PassedOver] = []
        rows, texts, doc_ids = list(range(batch.num_rows)), _with(batch.column("text"), changed), batch.column("doc_id")
        for _ in range(_MAX_ROUNDS):
            waiting = []
            for place, spans, fault in self._found(texts, doc_ids):
                row = rows[place]
                if fault is None and all(span.passed_over is not None for span in spans):  # nobody looks at this text again
                    edits = changed[row].edits() if row in changed else ()
                    passed_over += _told(doc_ids[place].as_py(), texts[place].as_py(), spans, edits)
                    continue
                if row not in changed:
                    changed[row] = _document(batch, row)
                changed[row].fault = fault
                if fault is None:
                    changed[row].hits = self._joined(changed[row], list(self._placed(changed[row], texts[place].as_py(), spans)))
                    waiting.append(row)
            if not waiting:
                return changed, passed_over
            rows, texts = waiting, pa.array([changed[row].final() for row in waiting], pa.string())
            doc_ids = batch.column("doc_id").take(pa.array(waiting))
        for row in waiting:
            changed[row].fault = f"scrubbing came to no end in {_MAX_ROUNDS} rounds; the document is set aside"
        return changed, passed_over

    def _found(self, texts: pa.Array, doc_ids: pa.Array) -> Iterator[tuple[int, list[Span], str | None]]:
        """The texts in which something is found, or on which a detector gives up: number, spans, and what it says."""
        answers = {name: find_in_each(detector, texts, doc_ids) for name, detector in self.detectors.items()}
        for number in range(len(texts)):
            spans: list[Span] = []
            fault = None
            for name, answer in answers.items():
                found = answer[number]
                if isinstance(found, DetectorGaveUp):
                    fault = str(found)
                else:
                    spans += [_named(span, name) for span in found]
            if spans or fault is not None:
                yield number, spans, fault

    def _placed(self, document: _Document, text: str, spans: list[Span]) -> Iterator[_Hit]:
        """What was found in a text that edits made, carried back to the clean text."""
        resolved = resolve(spans)
        edits = document.edits()
        places = to_bytes(text, [Change(s.start, s.end, "") for s in resolved])
        for span, (low, high, _) in zip(resolved, places, strict=True):
            start, end = carry((low, high), edits, "before")
            yield _Hit(start, end, span, self.replacement.text_for(span.entity, text[span.start : span.end]))

    def _joined(self, document: _Document, more: list[_Hit]) -> list[_Hit]:
        """Earlier and new hits; a new one that reaches over an earlier one takes its place, for all that both covered."""
        joined: list[_Hit] = []
        for hit in sorted([*document.hits, *more], key=lambda h: (h.start, h.end, h.found.entity)):
            if joined and hit.start < joined[-1].end:
                last = joined.pop()
                wider = last if last.end - last.start >= hit.end - hit.start else hit
                start, end = last.start, max(last.end, hit.end)
                value = document.utf8[start:end].decode()
                joined.append(_Hit(start, end, wider.found, self.replacement.text_for(wider.found.entity, value)))
            else:
                joined.append(hit)
        return joined


def _named(span: Span, detector: str) -> Span:
    name = f"{detector}.{span.recognizer}"
    return Span(  # half the time of ``dataclasses.replace``
        start=span.start, end=span.end, entity=span.entity, score=span.score, recognizer=name, rule=span.rule, passed_over=span.passed_over
    )


def _told(doc_id: str, text: str, spans: list[Span], edits: Sequence[ByteEdit]) -> Iterator[_PassedOver]:
    """What is passed over in a text that edits made, in bytes of the clean text."""
    places = sorted({place for span in spans for place in (span.start, span.end)})
    offsets = dict(zip(places, accumulate(len(text[a:b].encode()) for a, b in pairwise([0, *places])), strict=True))
    for span in spans:
        start, end = carry((offsets[span.start], offsets[span.end]), edits, "before")
        yield doc_id, start, end, span


def _document(batch: pa.RecordBatch, row: int) -> _Document:
    source = batch.column("source")[row].as_py() if "source" in batch.schema.names else None
    doc_id, text, flat = (batch.column(name)[row].as_py() for name in ("doc_id", "text", "cuts"))
    return _Document(doc_id=doc_id, source=source, utf8=text.encode(), cuts=listed(flat))


def _with(texts: pa.Array, changed: Mapping[int, _Document]) -> pa.Array:
    """The texts, those of changed documents as they stand now."""
    if not changed:
        return texts
    rows = sorted(changed)
    mask = np.zeros(len(texts), np.bool_)
    mask[rows] = True
    return pc.replace_with_mask(texts, pa.array(mask), pa.array([changed[row].final() for row in rows], texts.type))


def _spans(documents: Sequence[_Document], policy: str) -> dict[str, pa.RecordBatch]:
    """The spans and edits of scrubbed documents."""
    parts = [(document.doc_id, part) for document in documents for part in document.parts()]
    doc_ids, starts, ends = [doc_id for doc_id, _ in parts], [part.start for _, part in parts], [part.end for _, part in parts]
    entities = [part.found.entity for _, part in parts]
    spans = {
        "doc_id": doc_ids, "entity": entities, "start": starts, "end": ends, "score": [part.found.score for _, part in parts],
        "recognizer": [part.found.recognizer for _, part in parts], "rule": [part.found.rule for _, part in parts],
        "policy": [policy] * len(parts), "replacement": [part.new for _, part in parts],
    }  # fmt: skip
    edits = {
        "doc_id": doc_ids, "from_version": ["clean"] * len(parts), "start": starts, "end": ends,
        "new_length": [len(part.new.encode()) for _, part in parts], "step": ["scrub"] * len(parts), "cause": entities,
    }  # fmt: skip
    return {"pii_spans": pa.RecordBatch.from_pydict(spans, PII_SPANS.schema), "edits": pa.RecordBatch.from_pydict(edits, EDITS.schema)}


def _passed_over(told: list[_PassedOver]) -> pa.RecordBatch:
    told.sort(key=lambda one: (*one[:3], one[3].entity, one[3].recognizer, one[3].passed_over))
    rows = {
        "doc_id": [doc_id for doc_id, _, _, _ in told], "entity": [span.entity for *_, span in told], "start": [start for _, start, _, _ in told],
        "end": [end for _, _, end, _ in told], "score": [span.score for *_, span in told], "recognizer": [span.recognizer for *_, span in told],
        "rule": [span.passed_over for *_, span in told],
    }  # fmt: skip
    return pa.RecordBatch.from_pydict(rows, PII_PASSED_OVER.schema)


def _set_aside(documents: Sequence[_Document]) -> dict[str, pa.RecordBatch]:
    quarantined = [
        {
            "step": "scrub", "source": d.source, "doc_id": d.doc_id, "origin_file": None, "origin_offset": None,
            "num_bytes": len(d.utf8), "error": "detector_gave_up", "message": d.fault,
        }
        for d in documents
    ]  # fmt: skip
    fates = [{"doc_id": d.doc_id, "fate": "quarantined", "step": "scrub", "reason": "detector_gave_up"} for d in documents]
    return {
        "quarantine": pa.RecordBatch.from_pylist(quarantined, schema=QUARANTINE.schema),
        "fates": pa.RecordBatch.from_pylist(fates, schema=FATES.schema),
    }
