"""The windows of texts judged by the recognisers: what the detector ``presidio`` finds. Loads presidio and the kernels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipelines.detectors import checked, coordinates, labels, mails, streets, wallets
from pipelines.detectors.base import DetectorTimeout, Span
from pipelines.detectors.plausible import passed_over
from pipelines.detectors.recognizers import RECOGNIZERS, judged
from pipelines.detectors.windows import windows
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import pyarrow as pa

    from pipelines.detectors.finders import Finder
    from pipelines.detectors.recognizers import Finding
    from pipelines.detectors.windows import Int64

_FINDERS: Final = (*mails.FINDERS, *labels.FINDERS, *checked.FINDERS, *wallets.FINDERS, *coordinates.FINDERS, *streets.FINDERS)

# Code points that a recogniser sees at once, where a window is longer. What bounds the work is this and ``windows.REACH``, never the clock: the
# slowest piece that could be made up keeps a pattern busy for 0.1 s, and the timeout of 60 s only ends a run whose machine stands still. A number
# matcher, too, stops in silence after 65,535 candidates: at 104,000 characters a text of nothing but digits and blanks got there, and the number
# behind them was missed. It takes less than one candidate a character.
CHUNK_LENGTH: Final = 10_000
OVERLAP_LENGTH: Final = 2_000  # longer than any match that is personal data: an address has at most 320 characters, a number far fewer
_BYTES_BEFORE: Final = 160  # at least the 40 characters before a span, and the 6 behind it, that say whether it is plausible
_BYTES_AFTER: Final = 40
_ROWS_AT_ONCE: Final = 1 << 14
_CONTINUES, _CONTINUED = 0xC0, 0x80  # of UTF-8: a byte that begins no character


def search(texts: pa.Array, entities: tuple[str, ...], min_score: float, phone_regions: tuple[str, ...]) -> list[list[Span]]:
    """Spans of each text by start, then end, then entity, with those that a rule passes over. Of a text without a window no string is made.

    Raises:
        DetectorTimeout: a pattern took longer than REGEX_TIMEOUT_SECONDS; it says in which text.
    """
    at_home: dict[int, list[str]] = {}
    for entity in entities:
        if entity in RECOGNIZERS:
            at_home.setdefault(int(RECOGNIZERS[entity].window), []).append(entity)
    looking = _finders(entities, min_score)
    utf8, offsets = memoryview(texts.buffers()[-1] or b""), utf8_buffers(texts)[0]
    theirs: dict[int, set[Span]] = {}
    ours: dict[int, set[Span]] = {}
    for text, kind, low, high, place in _rows(windows(texts, {*at_home, *looking})):
        if kind not in at_home and kind not in looking:
            continue
        window = str(utf8[low:high], "utf-8")
        findings = [(entity, f) for entity in at_home.get(kind, ()) for f in _of_window(entity, window, phone_regions, text) if f[2] >= min_score]
        if not findings and kind not in looking:
            continue
        around, before = _context(utf8, int(offsets[text]), int(offsets[text + 1]), low, high)
        for entity, finding in findings:
            reason = passed_over(_span(entity, finding, before), around)
            theirs.setdefault(text, set()).add(_span(entity, finding, place, reason))
        for finder in looking.get(kind, ()):
            found = _of_finder(finder, around, before, before + len(window))
            spans = (replace(span, start=span.start + place - before, end=span.end + place - before) for span in found)
            ours.setdefault(text, set()).update(span for span in spans if span.entity in entities and span.score >= min_score)
    return [_settled(theirs.get(text, ()), ours.get(text, ())) for text in range(len(texts))]


def _finders(entities: tuple[str, ...], min_score: float) -> dict[int, list[Finder]]:
    """Our own finders by the kinds of windows in which they look."""
    found: dict[int, list[Finder]] = {}
    for finder in _FINDERS:
        if min_score <= finder.score and not finder.entities.isdisjoint(entities):
            for kind in finder.windows:
                found.setdefault(int(kind), []).append(finder)
    return found


def _of_finder(finder: Finder, around: str, low: int, high: int) -> Iterator[Span]:
    """What a finder sees that ends in a window, of a long one piece by piece."""
    for start, end, after, upto in chunks(0, len(around)):
        for span in finder.find(around[start:end], max(0, low - start), min(end, high) - start):
            if after < start + span.end <= upto and low < start + span.end and start + span.start < high:
                yield replace(span, start=start + span.start, end=start + span.end)


def _settled(theirs: Collection[Span], ours: Collection[Span]) -> list[Span]:
    """All spans of a text in order, of ours only what is not presidio's; what we find is not passed over."""
    if ours:
        spans = sorted(ours, key=_order)
        new = [span for span in spans if not any(other.passed_over is None and _meet(span, other) for other in theirs)]
        theirs = [span for span in theirs if span.passed_over is None or not any(_meet(span, other) for other in new)]
        return sorted([*theirs, *new], key=_order)
    return sorted(theirs, key=_order)


def _meet(one: Span, other: Span) -> bool:
    return one.entity == other.entity and one.start < other.end and other.start < one.end


def _order(span: Span) -> tuple[int, int, str, float, str, str]:
    return span.start, span.end, span.entity, -span.score, span.recognizer, span.rule or ""


def _rows(found: Int64) -> Iterator[list[int]]:
    """Rows as Python's numbers, some at a time: all of a dense text of 50 MB would take a gigabyte."""
    for start in range(0, len(found), _ROWS_AT_ONCE):
        yield from found[start : start + _ROWS_AT_ONCE].tolist()


def _span(entity: str, finding: Finding, shift: int, reason: str | None = None) -> Span:
    start, end, score, recognizer = finding
    return Span(start=shift + start, end=shift + end, entity=entity, score=score, recognizer=recognizer, passed_over=reason)


def _of_window(entity: str, window: str, regions: tuple[str, ...], text: int) -> Sequence[Finding]:
    try:
        return judged(entity, window, regions) if len(window) <= CHUNK_LENGTH else list(_of_long_window(entity, window, regions))
    except DetectorTimeout as timeout:
        timeout.place = text
        raise


def _of_long_window(entity: str, window: str, regions: tuple[str, ...]) -> Iterator[Finding]:
    for low, high, after, upto in chunks(0, len(window)):
        for start, end, score, recognizer in judged(entity, window[low:high], regions):
            if after < low + end <= upto:
                yield low + start, low + end, score, recognizer


def chunks(start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """A window in pieces (low, high, after, upto) that a recogniser can take; spans that end in (after, upto] belong to the piece.

    Each piece sees the overlap on both sides of what belongs to it, so a span is found whole and once, and one that is longer than the overlap is
    still found in part. Borders depend on the window alone: a text gives the same spans whatever stands around it.
    """
    after = start
    while end - after > CHUNK_LENGTH:
        yield max(start, after - OVERLAP_LENGTH), after + CHUNK_LENGTH + OVERLAP_LENGTH, after, after + CHUNK_LENGTH
        after += CHUNK_LENGTH
    yield max(start, after - OVERLAP_LENGTH), end, after, end


def _context(utf8: memoryview, base: int, end: int, low: int, high: int) -> tuple[str, int]:
    """A window with enough of its text on both sides, and how many characters of that stand before it."""
    start, stop = max(base, low - _BYTES_BEFORE), min(end, high + _BYTES_AFTER)
    while start < low and utf8[start] & _CONTINUES == _CONTINUED:
        start += 1
    while high < stop < end and utf8[stop] & _CONTINUES == _CONTINUED:
        stop -= 1
    return str(utf8[start:stop], "utf-8"), len(str(utf8[start:low], "utf-8"))
