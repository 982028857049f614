"""``assay pii audit``: a seeded sample of what was found, passed over, and left, laid out for a person who looks.

Strata are the kinds that were found, the rules by which something was passed over, and windows of text in documents with and without findings: in
windows one looks for what was missed. Each stratum is drawn without replacement, so what a reviewer finds in it speaks for the whole of it.

The passages hold personal data: they are written to a folder that only its owner may read, and the use of raw text is logged.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from app.catalog import connect, damage_explained
from app.masking import masked
from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import duckdb

    from pipelines.contract.warehouse import Warehouse

WINDOW_BYTES: Final = 600
AROUND_BYTES: Final = 160
FOUND, PASSED_OVER, WINDOWS = "found", "passed over", "windows"
WITH, WITHOUT = "with findings", "without findings"
PASSAGES, DESIGN = "passages.jsonl", "audit.json"
_SPANS: Final = {
    FOUND: """
        SELECT doc_id, entity, "start", "end", recognizer FROM (
            SELECT *, row_number() OVER (ORDER BY doc_id, "start", "end", recognizer) - 1 AS place FROM pii_spans WHERE entity = $name
        ) WHERE list_contains($places, place) ORDER BY place
    """,
    PASSED_OVER: """
        SELECT doc_id, entity, "start", "end", recognizer FROM (
            SELECT *, row_number() OVER (ORDER BY doc_id, "start", "end", entity, recognizer) - 1 AS place FROM pii_passed_over WHERE rule = $name
        ) WHERE list_contains($places, place) ORDER BY place
    """,
}
_FRAME: Final = """
    SELECT t.doc_id, t.num_bytes, t.doc_id IN (SELECT doc_id FROM pii_spans) AS has_findings
    FROM texts AS t JOIN survivors AS s ON s.doc_id = t.doc_id AND s.step = 'scrub'
    WHERE t.num_bytes > 0 ORDER BY t.doc_id
"""


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of what there is to look at: how much it holds, and how much of it is drawn."""

    kind: str  # found, passed over, windows
    name: str  # the entity, the rule, with or without findings
    population: int
    drawn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A span in a passage, in code points of its text."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of clean text to look at. ``start`` and ``end`` are bytes of the document's clean text; cuts of earlier steps are asterisks."""

    number: int
    kind: str
    stratum: str
    doc_id: str
    start: int
    end: int
    before: str
    text: str
    after: str
    spans: tuple[Marked, ...]
    mark: str | None = None  # yes, no, or another kind; for a window: looked
    marked_at: str | None = None  # ISO 8601
    missed: tuple[Mapping[str, str], ...] = ()  # value and label of what a reviewer found beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How a sample was drawn."""

    version: int
    seed: int
    window_bytes: int
    strata: tuple[Stratum, ...]


def draw(warehouse: Warehouse, sample: int, seed: int, folder: Path) -> Design:
    """Draws a sample of about so many passages and lays it out in a folder that is made.

    Raises:
        InputError: no run has looked for personal data here, or the folder holds something.
        WarehouseError: raw access cannot be logged, or a file cannot be read.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder}: holds something already; name a folder that is not there yet")
    version = warehouse.version()
    with connect(warehouse, raw=True, purpose=f"pii audit {sample} {seed}") as connection, damage_explained():
        frame = connection.sql(_FRAME).to_arrow_table()
        if not frame.num_rows:
            raise InputError(f"{warehouse.root}: no text in which personal data was looked for; first: assay run RUN.toml")
        strata = _allotted(_populations(connection, frame), sample)
        places = [(stratum, _places(f"{seed}|{stratum.kind}|{stratum.name}", stratum)) for stratum in strata]
        units = [unit for stratum, chosen in places for unit in _units(connection, stratum, chosen, frame)]
        passages = _passages(connection, units)
    design = Design(version=version.number if version else 0, seed=seed, window_bytes=WINDOW_BYTES, strata=tuple(strata))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    write_private(folder / DESIGN, json.dumps(asdict(design), indent=1) + "\n")
    write_passages(folder, passages)
    return design


def write_passages(folder: Path, passages: Iterable[Passage]) -> None:
    """Writes the passages, in place of those that are there."""
    write_private(folder / PASSAGES, "".join(json.dumps(asdict(p), ensure_ascii=False) + "\n" for p in passages))


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read; whoever reads sees the old text or the new one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _populations(connection: duckdb.DuckDBPyConnection, frame: Any) -> list[tuple[str, str, int]]:
    found = connection.sql("SELECT entity, count(*) FROM pii_spans GROUP BY entity ORDER BY entity").fetchall()
    passed = connection.sql("SELECT rule, count(*) FROM pii_passed_over GROUP BY rule ORDER BY rule").fetchall()
    windows = [(name, int(_num_windows(frame, name).sum())) for name in (WITH, WITHOUT)]
    listed = [(kind, name, number) for kind, rows in ((FOUND, found), (PASSED_OVER, passed), (WINDOWS, windows)) for name, number in rows]
    return [entry for entry in listed if entry[2]]


def _num_windows(frame: Any, name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Windows of each document of the frame; none of those that belong to the other stratum."""
    sizes = frame.column("num_bytes").to_numpy()
    has = frame.column("has_findings").to_numpy()
    return np.where(has if name == WITH else ~has, -(-sizes // WINDOW_BYTES), 0)


def _allotted(populations: Sequence[tuple[str, str, int]], sample: int) -> list[Stratum]:
    """Half for what was found, a quarter for what was passed over, the rest for windows; strata alike, and what one lacks goes to the next."""
    left, strata = sample, []
    for kind, part in ((FOUND, sample // 2), (PASSED_OVER, sample // 4), (WINDOWS, sample)):
        own = sorted(((name, number) for k, name, number in populations if k == kind), key=lambda entry: (entry[1], entry[0]))
        here = min(part, left)
        for place, (name, number) in enumerate(own):
            drawn = min(number, here // (len(own) - place))
            strata.append(Stratum(kind, name, number, drawn))
            here -= drawn
            left -= drawn
    return strata


def _places(salt: str, stratum: Stratum) -> list[int]:
    """So many different numbers below the population, the same for the same salt on every machine."""
    chosen: dict[int, None] = {}
    turn = 0
    while len(chosen) < stratum.drawn:
        digest = hashlib.blake2b(f"{salt}|{turn}".encode(), digest_size=16).digest()
        chosen[int.from_bytes(digest, "big") % stratum.population] = None
        turn += 1
    return sorted(chosen)


def _units(connection: duckdb.DuckDBPyConnection, stratum: Stratum, places: list[int], frame: Any) -> list[dict[str, Any]]:
    base = {"kind": stratum.kind, "stratum": stratum.name}
    if stratum.kind != WINDOWS:
        rows = connection.sql(_SPANS[stratum.kind], params={"name": stratum.name, "places": places}).to_arrow_table().to_pylist()
        return [{**base, **row} for row in rows]
    ends = np.cumsum(_num_windows(frame, stratum.name))
    documents = np.searchsorted(ends, places, side="right")
    ids = frame.column("doc_id").take(documents).to_pylist()
    firsts = [place - (int(ends[d - 1]) if d else 0) for place, d in zip(places, documents.tolist(), strict=True)]
    return [{**base, "doc_id": i, "start": n * WINDOW_BYTES, "end": (n + 1) * WINDOW_BYTES} for i, n in zip(ids, firsts, strict=True)]


def _passages(connection: duckdb.DuckDBPyConnection, units: Sequence[dict[str, Any]]) -> list[Passage]:
    ids = sorted({unit["doc_id"] for unit in units})
    texts = dict(connection.sql("SELECT doc_id, text FROM texts WHERE list_contains($ids, doc_id)", params={"ids": ids}).fetchall())
    cuts = _by_document(connection, "SELECT doc_id, \"start\", \"end\" FROM edits WHERE from_version = 'clean' AND step <> 'scrub' AND ", ids)
    spans = _by_document(connection, 'SELECT doc_id, "start", "end", entity FROM pii_spans WHERE ', ids)
    made = []
    for number, unit in enumerate(units, 1):
        doc_id = unit["doc_id"]
        utf8 = masked(texts[doc_id], cuts.get(doc_id, ())).encode()
        made.append(_passage(number, unit, utf8, spans.get(doc_id, [])))
    return made


def _by_document(connection: duckdb.DuckDBPyConnection, select: str, ids: list[str]) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {}
    for doc_id, *row in connection.sql(f"{select} list_contains($ids, doc_id) ORDER BY ALL", params={"ids": ids}).fetchall():
        rows.setdefault(doc_id, []).append(tuple(row))
    return rows


def _passage(number: int, unit: Mapping[str, Any], utf8: bytes, spans: Sequence[tuple[int, int, str]]) -> Passage:
    start, end = _whole(utf8, unit["start"]), _whole(utf8, unit["end"])
    if unit["kind"] == WINDOWS:
        shown = [(low, high, label) for low, high, label in spans if start <= low < end]
        end = max([end, *(high for _, high, _ in shown)])
    else:
        shown = [(start, end, unit["entity"])]
        start, end = _whole(utf8, start - AROUND_BYTES), _whole(utf8, end + AROUND_BYTES)
    text = utf8[start:end].decode()
    return Passage(
        number=number, kind=unit["kind"], stratum=unit["stratum"], doc_id=unit["doc_id"], start=start, end=end,
        before=utf8[_whole(utf8, start - AROUND_BYTES) : start].decode(), text=text, after=utf8[end : _whole(utf8, end + AROUND_BYTES)].decode(),
        spans=tuple(Marked(start=len(utf8[start:low].decode()), end=len(utf8[start:high].decode()), label=label) for low, high, label in shown),
    )  # fmt: skip


def _whole(utf8: bytes, place: int) -> int:
    """The first place from here on, in the text, where a character begins."""
    place = max(0, min(place, len(utf8)))
    while place < len(utf8) and utf8[place] & 0xC0 == 0x80:  # noqa: PLR2004 - a byte that goes on with a character
        place += 1
    return place
