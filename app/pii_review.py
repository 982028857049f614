"""``assay pii review``: the passages of an audit one by one on the terminal, each answered with a key; answers are kept as they are given.

On a terminal and not on a page: the passages hold personal data, and a page is served on a port that others on the machine may ask.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from app.pii_audit import DESIGN, PASSAGES, WINDOWS, Design, Marked, Passage, Stratum, write_passages, write_private
from app.visible import visible
from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

YES, NO, LOOKED = "yes", "no", "looked"
_ASKED: Final = "y: it is   n: it is not   or what it is, as PERSON   s: later   q: enough"
_ASKED_WINDOW: Final = "Enter: nothing is missing   or what is, as PERSON Ann Lee   s: later   q: enough"


def read_audit(folder: Path) -> tuple[Design, list[Passage]]:
    """The design and the passages of an audit, with the marks that it has so far.

    Raises:
        InputError: a file is missing, is no JSON, or a mark is none; with the passage's number.
    """
    held = _read(folder / DESIGN)
    try:
        whole = (folder / PASSAGES).read_text("utf-8") if (folder / PASSAGES).is_file() else ""
        lines = [line for line in whole.split("\n") if line.strip()]  # not splitlines: U+2028 and U+0085 may stand in a passage
        strata = tuple(Stratum(**stratum) for stratum in held["strata"])
        design = Design(version=held["version"], seed=held["seed"], window_bytes=held["window_bytes"], strata=strata)
        passages = [_passage(json.loads(line)) for line in lines]
    except (ValueError, KeyError, TypeError) as error:  # bytes that are not UTF-8 and what is not JSON are both a ValueError
        raise InputError(f"{folder}: {PASSAGES} or {DESIGN} is not as `assay pii audit` wrote it ({type(error).__name__})") from None
    if len(passages) != sum(stratum.drawn for stratum in strata):
        raise InputError(f"{folder}: {len(passages):,} passages where {sum(s.drawn for s in strata):,} were drawn; is {PASSAGES} whole?")
    for passage in passages:
        try:
            _check(passage, f"{folder}: passage {passage.number}")
        except (AttributeError, KeyError, TypeError):
            raise InputError(f"{folder}: passage {passage.number}: its marks are of another kind than text") from None
    return design, passages


def write_labels(passages: Sequence[Passage], target: Path) -> int:
    """Writes the windows that somebody looked at as labelled texts, with what was found in them and what was missed; how many.

    Raises:
        InputError: nobody looked at a window yet.
    """
    looked = [p for p in passages if p.kind == WINDOWS and p.mark is not None]
    if not looked:
        raise InputError(f"{target}: not written, for nobody has marked a window yet; first: assay pii review FOLDER")
    records = [{"text": p.text, "spans": [asdict(span) for span in (*p.spans, *_missed(p))]} for p in looked]
    write_private(target, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
    return len(records)


def review(folder: Path, ask: Callable[[str], str], tell: Callable[[str], None]) -> int:
    """Asks about every passage without a mark, and writes each answer; how many are left.

    ``ask`` takes a question and gives the line that was typed; ``tell`` shows a text.

    Raises:
        InputError: as ``read_audit``.
    """
    _, passages = read_audit(folder)
    for place, passage in enumerate(passages):
        if passage.mark is not None:
            continue
        tell(shown(passage, len(passages)))
        answered = _answer(passage, ask, tell)
        if answered is None:
            break
        passages[place] = answered if answered.mark is None else replace(answered, marked_at=datetime.now(UTC).isoformat(timespec="seconds"))
        write_passages(folder, passages)
    return sum(p.mark is None for p in passages)


def shown(passage: Passage, total: int) -> str:
    """A passage as a reviewer reads it, what was found in brackets; nothing in it can move the cursor."""
    parts, at = [], 0
    for span in sorted(passage.spans, key=lambda s: s.start):
        parts += [passage.text[at : span.start], f"[{passage.text[span.start : span.end]}]({span.label})"]
        at = span.end
    text = visible("".join([*parts, passage.text[at:]]))
    heading = f"\n{passage.number} of {total}, {passage.kind}: {visible(passage.stratum)}"
    return f"{heading}\n...{visible(passage.before)}>>{text}<<{visible(passage.after)}..."


def _answer(passage: Passage, ask: Callable[[str], str], tell: Callable[[str], None]) -> Passage | None:
    """The passage as it was answered, unchanged if later; None for enough."""
    missed: list[dict[str, str]] = []
    while True:
        typed = ask(_ASKED_WINDOW if passage.kind == WINDOWS else _ASKED).strip()
        if typed in {"s", "q"}:
            return passage if typed == "s" else None
        if passage.kind != WINDOWS:
            if typed in {"y", "n"} or (typed.isupper() and " " not in typed):
                return replace(passage, mark={"y": YES, "n": NO}.get(typed, typed))
            tell("y, n, s, q, or a kind in capitals")
        elif not typed:
            return replace(passage, mark=LOOKED, missed=tuple(missed))
        else:
            label, _, value = typed.partition(" ")
            if label.isupper() and value.strip() and value.strip() in passage.text:
                missed.append({"label": label, "value": value.strip()})
                tell(f"noted: {label}; Enter when nothing else is missing")
            else:
                tell("a kind in capitals, and behind it what is missing, as it stands between >> and <<")


def _read(path: Path) -> dict[str, Any]:
    try:
        held: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; expected the folder of `assay pii audit --out FOLDER`") from None
    except ValueError as error:
        at = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(f"{path}: not JSON{at}") from None
    return held


def _passage(value: dict[str, Any]) -> Passage:
    return Passage(**{**value, "spans": tuple(Marked(**span) for span in value["spans"]), "missed": tuple(value["missed"])})


def _check(passage: Passage, where: str) -> None:
    """Says what is wrong with marks that were made by hand."""
    if passage.kind == WINDOWS:
        is_known = passage.mark in {None, LOOKED} and all(m["label"] and m["value"] and m["value"] in passage.text for m in passage.missed)
        if not is_known:
            raise InputError(f"{where}: a window's mark is {LOOKED!r} or null, and what is missed has a label and a value that stands in its text")
    elif passage.mark is not None and not (passage.mark in {YES, NO} or passage.mark.isupper()):
        raise InputError(f"{where}: a mark is {YES!r}, {NO!r}, null, or a kind in capitals, as PERSON")


def _missed(passage: Passage) -> list[Marked]:
    """Where what was missed stands first outside what was found and what was noted before."""
    labels = list(passage.spans)
    for one in passage.missed:
        size, at = len(one["value"]), passage.text.find(one["value"])
        while at >= 0 and any(s.start < at + size and at < s.end for s in labels):
            at = passage.text.find(one["value"], at + 1)
        if at >= 0:
            labels.append(Marked(start=at, end=at + size, label=one["label"]))
    return labels[len(passage.spans) :]
