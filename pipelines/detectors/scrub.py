"""The body of the step ``scrub``: what the policies say is done about spans in the final text, and every one of them is a row.

Detectors see the text after the cuts of earlier steps, because that is what would be published; rows speak of the clean text, as all spans do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.schema import EDITS, FATES, PII_PASSED_OVER, PII_SPANS, QUARANTINE, VERDICTS
from pipelines.detectors.base import Detector, DetectorGaveUp, Span, find_in_each
from pipelines.detectors.hits import Document, Hit, Places, byte_offsets
from pipelines.detectors.replacement import Replacement, placeholder, resolve
from pipelines.text.cuts import listed
from pipelines.text.edits import carry_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    _PassedOver = tuple[str, int, int, Span]  # doc_id, first byte of the clean text, first byte after it, and what was found there

WRITTEN: Final = pa.schema([("doc_id", pa.string()), ("written", pa.list_(pa.int64()))])  # start, end, start, end, ... in bytes of the final text
FINALS: Final = pa.schema([("doc_id", pa.string()), ("text", pa.string())])
_MAX_ROUNDS: Final = 8
_PLAIN_FROM: Final = 4  # from this round on placeholders are written, of which no detector takes a part for a part of something longer
_LOOKS_LIKE_TEXT: Final = frozenset({"surrogate", "generalise"})
_MOST_ENCODINGS: Final = 8  # of an address within addresses
_REASON: Final = "personal_data"


@dataclass(frozen=True, kw_only=True)
class Scrub:
    """Rows ``doc_id``, ``text`` (clean) and ``cuts`` into ``pii_spans``, ``pii_passed_over``, ``edits`` and ``finals``, and the ends of documents.

    ``cuts`` holds an earlier step's edits as a flat list of (start, end, new_length) in bytes of the clean text, sorted, or null; what a cut puts in
    is two newlines, or as many as ``new_length`` allows. The published text is the clean text with the cuts and the edits of this body applied:
    together they are sorted and disjoint. A span that reaches over a cut is given in parts, outside the cut, each with the replacement: a part that
    vanished would leave half a word behind that the text never had.

    Detectors run again on the scrubbed text until they find nothing more, for what was hidden beside a first match may show once it is gone; so a
    scrubbed text scrubs to itself. A surrogate or a coarser value is found again: what lies wholly within something that was written is no finding.
    ``written`` says where that is in the final text, for whoever looks at it again. A text on which detectors come to no end in so many rounds, or
    on which one gives up, is set aside: work is counted, the clock is not, so that a document has one fate on every machine. What a detector passes
    over is told as it stands in the final text.

    A finding to be flagged yields to any other that it meets. A document with anything for which a document is to be dropped goes.
    """

    detectors: Mapping[str, Detector]
    replacement: Replacement = field(default_factory=Replacement)

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """One batch of rows for each table. A text in which nothing is cut or found goes through as it came; no string is made of it."""
        changed, passed_over = self._changed(batch)
        ended = {row for row, document in changed.items() if not document.goes_on}
        finals = pa.RecordBatch.from_arrays([batch.column("doc_id"), _with(batch.column("text"), changed)], schema=FINALS)
        if ended:
            finals = finals.filter(pa.array(row not in ended for row in range(batch.num_rows)))
        scrubbed = [changed[row] for row in sorted(changed) if row not in ended]
        others = [changed[row] for row in sorted(ended)]
        kept = {"written": _written(scrubbed)} if self.replacement.keeps_places else {}
        told = [*scrubbed, *(document for document in others if document.fault is None)]
        return {**_spans(told), "pii_passed_over": _passed_over(passed_over), **kept, "finals": finals, **_ended(others)}

    def personal(self, texts: pa.Array, doc_ids: pa.Array, written: pa.Array | None = None, languages: list[str | None] | None = None) -> list[bool]:
        """Whether a detector finds anything in each text as it stands that should not be there, or gives up on it.

        What is flagged may be there, and so may what ``written`` holds: the places of each text, as the table ``written`` has them, in which scrub
        wrote something. A finding that reaches out of its place is one.

        Raises:
            DetectorTimeout: with the document's id.
        """
        found = [False] * len(texts)
        for number, spans, fault in self._found(texts, doc_ids, languages):
            left = [span for span in spans if span.passed_over is None and self.replacement.policy_of(span.entity) != "flag"]
            if left and written is not None and written[number].is_valid:
                offsets, places = byte_offsets(texts[number].as_py(), left), Places.listed(written[number].as_py())
                left = [span for span in left if not places.hold(offsets[span.start], offsets[span.end])]
            found[number] = fault is not None or bool(left)
        return found

    def addresses(self, urls: pa.Array, doc_ids: pa.Array) -> pa.Array:
        """``address`` of each document.

        Raises:
            DetectorTimeout: with the document's id.
        """
        quoted = pc.indices_nonzero(pc.fill_null(pc.match_substring(urls, "%"), fill_value=False))
        given = pc.indices_nonzero(pc.is_valid(urls))
        rows = pa.concat_arrays([given, quoted])
        texts = pa.concat_arrays([urls.take(given), pa.array(map(_unquoted, urls.take(quoted).to_pylist()), urls.type)])
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
        return any(self.personal(pa.array([url, _unquoted(url)], pa.string()), pa.array(["of an address"] * 2)))

    def _changed(self, batch: pa.RecordBatch) -> tuple[dict[int, Document], list[_PassedOver]]:
        """Documents that are not published as they came, by their row, and what is passed over in any: (doc_id, start, end, span)."""
        cut = pc.indices_nonzero(pc.fill_null(pc.greater(pc.list_value_length(batch.column("cuts")), 0), fill_value=False)).to_pylist()
        changed = {row: _document(batch, row) for row in cut}
        waiting: list[int] = []
        passed_over: list[_PassedOver] = []
        rows, texts, doc_ids = list(range(batch.num_rows)), _with(batch.column("text"), changed), batch.column("doc_id")
        of_row = languages_of(batch)
        for number in range(_MAX_ROUNDS):
            waiting = []
            for place, spans, fault in self._found(texts, doc_ids, [of_row[row] for row in rows]):
                row, text = rows[place], texts[place].as_py()
                if fault is not None or any(span.passed_over is None for span in spans):
                    if row not in changed:
                        changed[row] = _document(batch, row)
                    changed[row].fault = fault
                    if fault is None and self._look(changed[row], text, spans, is_late=number >= _PLAIN_FROM):
                        waiting.append(row)
                        continue
                if row not in changed or changed[row].goes_on:  # nobody looks at this text again
                    passed_over += _told(doc_ids[place].as_py(), text, spans, changed.get(row))
            if not waiting:
                return changed, passed_over
            rows, texts = waiting, pa.array([changed[row].final() for row in waiting], pa.string())
            doc_ids = batch.column("doc_id").take(pa.array(waiting))
        for row in waiting:
            changed[row].fault = f"scrubbing came to no end in {_MAX_ROUNDS} rounds; the document is set aside"
        return changed, passed_over

    def _found(self, texts: pa.Array, doc_ids: pa.Array, languages: list[str | None] | None) -> Iterator[tuple[int, list[Span], str | None]]:
        """The texts in which something is found, or on which a detector gives up: number, spans, and what it says."""
        answers = {name: find_in_each(detector, texts, doc_ids, languages) for name, detector in self.detectors.items()}
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

    def _look(self, document: Document, text: str, spans: list[Span], *, is_late: bool) -> bool:
        """Takes what was found in the text that a document has now; whether that makes it another text, at which one must look again."""
        fresh = [span for span in spans if span.passed_over is None]
        if self.replacement.keeps_places and document.hits:
            offsets, written = byte_offsets(text, fresh), document.written()
            fresh = [span for span in fresh if not written.hold(offsets[span.start], offsets[span.end])]
        dropping = [span for span in fresh if self.replacement.policy_of(span.entity) == "drop"]
        if dropping:
            document.dropped = self._placed(document, text, resolve(dropping), is_late=is_late)
            return False
        going = resolve([span for span in fresh if self.replacement.policy_of(span.entity) != "flag"])
        told = Places.of((span.start, span.end) for span in going)
        staying = [span for span in fresh if self.replacement.policy_of(span.entity) == "flag" and not told.meet(span.start, span.end)]
        flagged = [*document.flagged, *self._placed(document, text, resolve(staying), is_late=is_late)]
        document.hits = self._joined(document, self._placed(document, text, going, is_late=is_late), is_late=is_late)
        gone = Places.of((hit.start, hit.end) for hit in document.hits)
        document.flagged = _widest([hit for hit in flagged if not gone.meet(hit.start, hit.end)])
        return len(going) > 0

    def _placed(self, document: Document, text: str, spans: list[Span], *, is_late: bool) -> list[Hit]:
        """Spans of a text that edits made, which do not overlap, carried back to the clean text."""
        if not spans:
            return []
        offsets = byte_offsets(text, spans)
        places = carry_all([(offsets[span.start], offsets[span.end]) for span in spans], document.edits(), "before")
        return [self._hit(place, span, text[span.start : span.end], is_late=is_late) for place, span in zip(places, spans, strict=True)]

    def _hit(self, place: tuple[int, int], found: Span, value: str, *, is_late: bool) -> Hit:
        policy = self.replacement.policy_of(found.entity)
        if is_late and policy in _LOOKS_LIKE_TEXT:
            return Hit(*place, found, "placeholder", placeholder(found.entity))
        return Hit(*place, found, policy, self.replacement.text_for(found.entity, value))

    def _joined(self, document: Document, more: list[Hit], *, is_late: bool) -> list[Hit]:
        """Earlier and new hits; a new one that reaches over an earlier one takes its place, for all that both covered."""
        joined: list[Hit] = []
        for hit in sorted([*document.hits, *more], key=lambda h: (h.start, h.end, h.found.entity)):
            if joined and hit.start < joined[-1].end:
                last = joined.pop()
                wider = last if last.end - last.start >= hit.end - hit.start else hit
                start, end = last.start, max(last.end, hit.end)
                joined.append(self._hit((start, end), wider.found, document.utf8[start:end].decode(), is_late=is_late))
            else:
                joined.append(hit)
        return joined


def _widest(hits: list[Hit]) -> list[Hit]:
    """Of hits that are told and stay, those that no other holds, in order: a text that is looked at twice tells each of them again."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.start, -h.end, h.found.entity, h.found.recognizer)):
        if not kept or hit.end > kept[-1].end:
            kept.append(hit)
    return kept


def _unquoted(url: str) -> str:
    """An address without percent-encoding, however often it was encoded: an address in an address in an address is."""
    for _ in range(_MOST_ENCODINGS):
        plain = unquote(url)
        if plain == url:
            break
        url = plain
    return url


def languages_of(batch: pa.RecordBatch) -> list[str | None]:
    """The language of each row, or None where nobody says."""
    return batch.column("language").to_pylist() if "language" in batch.schema.names else [None] * batch.num_rows


def _named(span: Span, detector: str) -> Span:
    name = f"{detector}.{span.recognizer}"
    return Span(  # half the time of ``dataclasses.replace``
        start=span.start, end=span.end, entity=span.entity, score=span.score, recognizer=name, rule=span.rule, passed_over=span.passed_over
    )


def _document(batch: pa.RecordBatch, row: int) -> Document:
    source = batch.column("source")[row].as_py() if "source" in batch.schema.names else None
    doc_id, text, flat = (batch.column(name)[row].as_py() for name in ("doc_id", "text", "cuts"))
    return Document(doc_id=doc_id, source=source, utf8=text.encode(), cuts=listed(flat))


def _with(texts: pa.Array, changed: Mapping[int, Document]) -> pa.Array:
    """The texts, those of changed documents as they stand now."""
    if not changed:
        return texts
    rows = sorted(changed)
    mask = np.zeros(len(texts), np.bool_)
    mask[rows] = True
    return pc.replace_with_mask(texts, pa.array(mask), pa.array([changed[row].final() for row in rows], texts.type))


def _told(doc_id: str, text: str, spans: list[Span], document: Document | None) -> Iterator[_PassedOver]:
    """What is passed over in a document's final text, in bytes of the clean text. What stands where something was replaced is nothing of its own."""
    passed_over = [span for span in spans if span.passed_over is not None]
    offsets = byte_offsets(text, passed_over)
    places = [(offsets[span.start], offsets[span.end]) for span in passed_over]
    if document is not None:
        written = document.written()
        passed_over = [span for span, place in zip(passed_over, places, strict=True) if not written.hold(*place)]
        places = carry_all([place for place in places if not written.hold(*place)], document.edits(), "before")
    return ((doc_id, start, end, span) for (start, end), span in zip(places, passed_over, strict=True))


def _spans(documents: Sequence[Document]) -> dict[str, pa.RecordBatch]:
    """The spans of documents, and the edits of those that go on."""
    rows = [(document.doc_id, hit) for document in documents for hit in document.rows()]
    spans = {
        "doc_id": [doc_id for doc_id, _ in rows], "entity": [hit.found.entity for _, hit in rows], "start": [hit.start for _, hit in rows],
        "end": [hit.end for _, hit in rows], "score": [hit.found.score for _, hit in rows], "recognizer": [hit.found.recognizer for _, hit in rows],
        "rule": [hit.found.rule for _, hit in rows], "policy": [hit.policy for _, hit in rows], "replacement": [hit.new for _, hit in rows],
    }  # fmt: skip
    parts = [(doc_id, hit, len(hit.new.encode())) for doc_id, hit in rows if hit.new is not None]
    edits = {
        "doc_id": [doc_id for doc_id, _, _ in parts], "from_version": ["clean"] * len(parts), "start": [hit.start for _, hit, _ in parts],
        "end": [hit.end for _, hit, _ in parts], "new_length": [length for _, _, length in parts], "step": ["scrub"] * len(parts),
        "cause": [hit.found.entity for _, hit, _ in parts],
    }  # fmt: skip
    return {"pii_spans": pa.RecordBatch.from_pydict(spans, PII_SPANS.schema), "edits": pa.RecordBatch.from_pydict(edits, EDITS.schema)}


def _written(documents: Sequence[Document]) -> pa.RecordBatch:
    """Where in the final texts something was written, for whoever looks at them again."""
    rows = [{"doc_id": document.doc_id, "written": document.written().flat()} for document in documents if document.hits]
    return pa.RecordBatch.from_pylist(rows, schema=WRITTEN)


def _passed_over(told: list[_PassedOver]) -> pa.RecordBatch:
    told.sort(key=lambda one: (*one[:3], one[3].entity, one[3].recognizer, one[3].passed_over))
    rows = {
        "doc_id": [doc_id for doc_id, _, _, _ in told], "entity": [span.entity for *_, span in told], "start": [start for _, start, _, _ in told],
        "end": [end for _, _, end, _ in told], "score": [span.score for *_, span in told], "recognizer": [span.recognizer for *_, span in told],
        "rule": [span.passed_over for *_, span in told],
    }  # fmt: skip
    return pa.RecordBatch.from_pydict(rows, PII_PASSED_OVER.schema)


def _ended(documents: Sequence[Document]) -> dict[str, pa.RecordBatch]:
    """The ends of documents that do not go on: set aside, or dropped for what they hold."""
    aside = [
        {
            "step": "scrub", "source": d.source, "doc_id": d.doc_id, "origin_file": None, "origin_offset": None,
            "num_bytes": len(d.utf8), "error": "detector_gave_up", "message": d.fault,
        }
        for d in documents if d.fault is not None
    ]  # fmt: skip
    counts = [(d.doc_id, Counter(hit.found.entity for hit in d.dropped)) for d in documents if d.fault is None]
    verdicts = [
        {"doc_id": doc_id, "step": "scrub", "rule": f"scrub.{entity}", "reason": _REASON, "value": float(num_spans), "threshold": 0.0}
        for doc_id, of in counts
        for entity, num_spans in sorted(of.items())
    ]
    fates = [
        {"doc_id": d.doc_id, "fate": "quarantined" if d.fault else "dropped", "step": "scrub", "reason": "detector_gave_up" if d.fault else _REASON}
        for d in documents
    ]
    return {
        "quarantine": pa.RecordBatch.from_pylist(aside, schema=QUARANTINE.schema),
        "verdicts": pa.RecordBatch.from_pylist(verdicts, schema=VERDICTS.schema),
        "fates": pa.RecordBatch.from_pylist(fates, schema=FATES.schema),
    }
