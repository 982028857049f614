"""Texts with labelled personal data, read from the files that people have: JSON and JSON Lines with spans, and BIO tags.

Offsets are in characters, bytes or tokens. Where a file says what each span covers, that settles which; where nothing does, the reader must. A
message names a record by its number and never quotes it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from pipelines.contract.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Offsets = Literal["characters", "bytes", "tokens"]
UNITS: Final[tuple[Offsets, ...]] = get_args(Offsets)
TEXT_KEYS: Final = ("full_text", "source_text", "text")
SPAN_KEYS: Final = ("spans", "entities", "privacy_mask", "label", "labels")
TAG_KEYS: Final = ("ner_tags", "tags", "labels")
START_KEYS, END_KEYS = ("start", "start_position", "start_offset", "begin"), ("end", "end_position", "end_offset", "stop")
ENTITY_KEYS, VALUE_KEYS = ("entity_type", "label", "type", "entity"), ("entity_value", "value")
LANGUAGE_KEYS: Final = ("language", "lang", "locale")
BIO_SUFFIXES: Final = frozenset({".bio", ".conll", ".iob", ".iob2", ".tsv"})
_TAG: Final = re.compile(r"([BIESLU])-(\S+)|O")
_BEGINS: Final = frozenset("BSU")


@dataclass(frozen=True, slots=True)
class Label:
    """A labelled span in code points."""

    start: int
    end: int
    entity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A text, what is personal in it, and its language where the file says so."""

    text: str
    labels: tuple[Label, ...]
    language: str | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    entity: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    number: int  # from 1
    text: str
    spans: tuple[_Span, ...]
    tokens: tuple[tuple[int, int], ...]  # where they stand in the text, in code points; none where the record has no tokens
    language: str | None
    unit: Offsets | None = None  # what the spans count, where the record's own form says so


def read_labels(path: Path, offsets: Offsets | None = None) -> list[Labelled]:
    """The labelled texts of a file, in its order.

    Raises:
        InputError: the file cannot be read, is no label file, or a span of it does not lie in its text; with the number of the record or line.
        ConfigError: nothing in the file tells what its offsets count, and ``offsets`` does not say.
    """
    try:
        whole = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; expected a file of labelled texts") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8; labels are JSON, JSON Lines or BIO tags in UTF-8") from None
    if path.suffix.lower() in BIO_SUFFIXES:
        return list(_from_tagged_lines(whole, str(path)))
    values = _lines(whole, str(path)) if _is_lines(path, whole) else _json(whole, str(path))
    records = [_record(value, number, f"{path}: record {number}") for number, value in enumerate(values, 1)]
    if not records:
        raise InputError(f"{path}: no record in it; expected labelled texts")
    unit = offsets or _unit([r for r in records if r.unit is None], str(path))
    return [_placed(record, record.unit or unit, f"{path}: record {record.number}") for record in records]


def _is_lines(path: Path, whole: str) -> bool:
    return path.suffix.lower() in {".jsonl", ".ndjson"} or not whole.lstrip().startswith("[")


def _lines(whole: str, where: str) -> Iterator[Any]:
    for number, line in enumerate(whole.split("\n"), 1):  # not splitlines: U+2028 may stand in a JSON text
        if line.strip():
            yield _json(line, f"{where}: line {number}")


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is JSON, and none that Python reads
        at = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(f"{where}: not JSON{at}; is the file whole? Expected a JSON array of records, or one record a line") from None


def _record(value: Any, number: int, where: str) -> _Record:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict):  # noqa: PLR2004 - spaCy's pairs of a text and its annotations
        value = {"text": value[0], **value[1]}
    if not isinstance(value, dict):
        raise InputError(f"{where}: a {type(value).__name__}; expected an object with a text and its spans")
    tokens = value.get("tokens")
    words = [_word(t, where) for t in tokens] if isinstance(tokens, list) else None
    text = _text(value, words, where)
    placed = _tokens(text, words, where) if words is not None else ()
    tags = next((value[k] for k in TAG_KEYS if _is_tags(value.get(k))), None)
    given = next((value[k] for k in SPAN_KEYS if isinstance(value.get(k), list) and not _is_tags(value[k])), None)
    if given is None and tags is None and any(isinstance(value.get(k), list) and value[k] for k in TAG_KEYS):
        raise InputError(f"{where}: tags that are no words; expected O, B-PER and the like: write the names that a data set's numbers stand for")
    if given is None and tags is None:
        raise InputError(f"{where}: no spans; expected a list under one of {', '.join(SPAN_KEYS)}, or tokens with tags under {', '.join(TAG_KEYS)}")
    if given is None:
        spans = _tagged_spans(placed, tags or [], where)
        return _Record(number=number, text=text, spans=tuple(spans), tokens=placed, language=_language(value), unit="tokens")
    spans = [_span(s, f"{where}, span {i}") for i, s in enumerate(given, 1)]
    return _Record(number=number, text=text, spans=tuple(spans), tokens=placed, language=_language(value))


def _word(token: Any, where: str) -> str:
    word = token.get("text") if isinstance(token, dict) else token
    if not isinstance(word, str) or not word:
        raise InputError(f"{where}: a token that is no text")
    return word


def _text(value: dict[str, Any], words: Sequence[str] | None, where: str) -> str:
    text = next((value[k] for k in TEXT_KEYS if k in value), None if words is None else " ".join(words))
    if not isinstance(text, str):
        raise InputError(f"{where}: no text; expected one under {', '.join(TEXT_KEYS)}, or tokens")
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise InputError(f"{where}: half a surrogate pair in its text; it cannot be UTF-8")
    return text


def _language(value: dict[str, Any]) -> str | None:
    inner = value.get("metadata")
    for place in (value, inner if isinstance(inner, dict) else {}):
        told = next((place[k] for k in LANGUAGE_KEYS if isinstance(place.get(k), str) and place[k]), None)
        if told is not None:
            return str(told)[:40]
    return None


def _tokens(text: str, words: Iterable[str], where: str) -> tuple[tuple[int, int], ...]:
    """Where the tokens stand in the text, one behind the other."""
    placed, at = [], 0
    for number, word in enumerate(words, 1):
        start = text.find(word, at)
        if start < 0:
            raise InputError(f"{where}: token {number} is not in the text behind those before it")
        at = start + len(word)
        placed.append((start, at))
    return tuple(placed)


def _is_tags(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _span(value: Any, where: str) -> _Span:
    if isinstance(value, dict):
        start, end, entity = (next((value[k] for k in keys if k in value), None) for keys in (START_KEYS, END_KEYS, ENTITY_KEYS))
        if isinstance(entity, list) and len(entity) == 1:  # Label Studio's
            entity = entity[0]
        held = next((value[k] for k in VALUE_KEYS if isinstance(value.get(k), str)), None)
    elif isinstance(value, list) and len(value) == 3:  # noqa: PLR2004 - start, end, label
        (start, end, entity), held = value, None
    else:
        start = end = entity = held = None
    # A bool is an int to Python, and no offset to anybody.
    if type(start) is not int or type(end) is not int or not isinstance(entity, str) or not entity or not entity.isprintable():
        raise InputError(f"{where}: not a span; expected start, end and label, as [0, 4, 'PERSON'] or an object with those keys")
    if not 0 <= start <= end:
        raise InputError(f"{where}: from {start} to {end}; a span begins at 0 or later and does not end before it begins")
    return _Span(start, end, entity, held)


def _unit(records: Sequence[_Record], where: str) -> Offsets:
    """What the offsets of a file count, by what its spans are said to cover; characters where it makes no difference."""
    spans = [(record, span) for record in records for span in record.spans]
    units: list[Offsets] = [u for u in UNITS if u != "tokens" or any(r.tokens for r in records)]
    told = [(r, s) for r, s in spans if s.value is not None]
    for record, span in told:
        left = [u for u in units if _covered(record, span, u) == span.value]
        if not left:
            counted = " or ".join(units)
            raise InputError(
                f"{where}: record {record.number}: a {span.entity} span does not cover its value, counted in {counted} as those before it"
            )
        units = left
    differ = next((r for r, s in spans if _differs(r, s, units)), None)
    if len(told) < len(spans) and differ is not None:
        raise ConfigError(
            f"{where}: record {differ.number}: its offsets mean one thing in {' and another in '.join(units)}; say which with --offsets"
        )
    return units[0]


def _differs(record: _Record, span: _Span, units: Sequence[Offsets]) -> bool:
    """Whether a span that does not say what it covers would be another in another unit."""
    if len(units) == 1 or span.value is not None:
        return False
    return ("tokens" in units and bool(record.tokens)) or not record.text[: span.end].isascii()


def _covered(record: _Record, span: _Span, unit: Offsets) -> str | None:
    """What a span covers; None where it does not lie in the text, or cuts a character."""
    placed = _located(record, span, unit)
    return None if isinstance(placed, str) else record.text[placed[0] : placed[1]]


def _located(record: _Record, span: _Span, unit: Offsets) -> tuple[int, int] | str:
    """Where a span lies in code points, or what is wrong with it."""
    text, start, end = record.text, span.start, span.end
    size = {"characters": len(text), "bytes": 0 if unit != "bytes" else len(text.encode()), "tokens": len(record.tokens)}[unit]
    if unit == "tokens" and not record.tokens:
        return "has no tokens that offsets could count"
    if end > size:
        return f"ends at {end}, past the {size:,} {unit} of the text"
    if unit == "tokens":
        return (record.tokens[start][0], record.tokens[end - 1][1]) if start < end else "covers no token"
    if unit == "characters" or text.isascii():
        return start, end
    try:
        utf8 = text.encode()
        return len(utf8[:start].decode()), len(utf8[:end].decode())
    except UnicodeDecodeError:
        return "begins or ends inside a character"


def _placed(record: _Record, unit: Offsets, where: str) -> Labelled:
    labels = []
    for span in record.spans:
        found = _located(record, span, unit)
        if isinstance(found, str):
            raise InputError(f"{where}: a {span.entity} span {found} (counted in {unit}; --offsets says otherwise)")
        if span.value is not None and record.text[found[0] : found[1]] != span.value:
            raise InputError(f"{where}: a {span.entity} span does not cover its value, counted in {unit}")
        if found[0] < found[1]:
            labels.append(Label(*found, span.entity))
    return Labelled(text=record.text, labels=tuple(sorted(labels, key=lambda s: (s.start, s.end, s.entity))), language=record.language)


def _tagged_spans(placed: Sequence[tuple[int, int]], tags: Sequence[str], where: str) -> list[_Span]:
    """Spans of BIO tags (B I O, and the S, U, E, L of other schemes), in the unit of tokens where the record has them."""
    if len(placed) != len(tags):
        raise InputError(f"{where}: {len(tags)} tags for {len(placed)} tokens")
    spans: list[_Span] = []
    inside: str | None = None
    for number, tag in enumerate(tags):
        match = _TAG.fullmatch(tag)
        if match is None:
            raise InputError(f"{where}: the tag of token {number + 1} is none; expected O, or B-, I-, E-, S-, L- or U- before a kind")
        kind = match[2]
        if kind is not None and (match[1] in _BEGINS or inside != kind):
            spans.append(_Span(number, number + 1, kind, None))
        elif kind is not None:
            spans[-1] = _Span(spans[-1].start, number + 1, kind, None)
        inside = kind
    return spans


def _from_tagged_lines(whole: str, where: str) -> Iterator[Labelled]:
    """Columns as CoNLL has them: a token and, last, its tag; blank lines between texts, whose tokens are joined by blanks."""
    words: list[str] = []
    tags: list[str] = []
    first, number = 1, 0
    for place, line in enumerate([*whole.split("\n"), ""], 1):
        columns = line.split()
        if columns and columns[0] != "-DOCSTART-":
            if len(columns) < 2:  # noqa: PLR2004 - a token and its tag
                raise InputError(f"{where}: line {place}: one column; expected a token and, last, its tag")
            first = first if words else place
            words.append(columns[0])
            tags.append(columns[-1])
        elif words:
            number += 1
            text = " ".join(words)
            placed = _tokens(text, words, where)
            spans = _tagged_spans(placed, tags, f"{where}: line {first} and on")
            record = _Record(number=number, text=text, spans=tuple(spans), tokens=placed, language=None)
            yield _placed(record, "tokens", f"{where}: line {first} and on")
            words, tags = [], []
    if number == 0:
        raise InputError(f"{where}: no tagged token in it; expected a token and its tag a line")
