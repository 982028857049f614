"""One document's whole story: where it came from, what was measured, what was decided and why, what it became."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from app.catalog import connect, damage_explained, shown_manifests
from app.glossary import FATES, STEPS, WHY_NOT, passed_over_in_words, pii_in_words, reason_in_words, scanned_in_words
from app.scanning import scanned
from app.visible import visible
from pipelines.contract.errors import AssayError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import duckdb

    from app.scanning import Scanned
    from pipelines.contract.warehouse import Warehouse

    Row = dict[str, Any]
    Scan = Callable[[str], Scanned | None]
    StepsOf = Callable[[str], Sequence[int]]

MIN_PREFIX: Final = 4
EXCERPT: Final = 480  # characters of the text that the terminal shows
_ID_DIGITS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A document from its source to its tokens. Rows are as in the tables of the same name; private columns are there with ``raw`` only."""

    doc_id: str
    origin: Row  # the row of documents
    journey: tuple[Row, ...]  # step, outcome (passed, dropped, quarantined, not reached), num_bytes after the step
    text: str | None  # clean text, personal data masked; None where nobody looked for personal data
    raw_text: str | None
    final_text: str | None
    clean: Row  # language, num_bytes, sha256
    edits: tuple[Row, ...]  # step, cause, from_version, num_edits, bytes_out, bytes_in
    signals: tuple[Row, ...]  # family, signal, value
    verdicts: tuple[Row, ...]  # step, rule, reason, value, threshold
    duplicate: Row | None  # kept_doc_id, cluster_id, kind, jaccard
    copies: tuple[Row, ...]  # documents dropped in favour of this one: doc_id, kind, jaccard
    split: str | None
    contamination: tuple[Row, ...]
    pii: tuple[Row, ...]  # entity, policy, rule, num_spans, recognizers
    passed_over: tuple[Row, ...]  # what looked like personal data and by a rule is something else: rule, entity, num_places
    quarantine: tuple[Row, ...]
    fate: Row | None  # fate, step, reason
    num_tokens: int | None
    train_steps: tuple[int, ...] | None  # optimizer steps that read it; None where nobody asked, or where it is not known
    train_steps_unknown: str | None = None  # why it is not known
    scanned: Row | None = None  # the text was looked through just now, since no step had: detectors, num_hidden, why_not

    def to_dict(self) -> dict[str, Any]:
        """The story as JSON types; times are ISO 8601."""
        told: dict[str, Any] = _plain(asdict(self))
        return told


def story(warehouse: Warehouse, doc_id: str, *, raw: bool = False, steps: StepsOf | None = None) -> Story:
    """The story of a document, by its doc_id or the beginning of it (4 digits at least, if only one document has it).

    ``steps`` gives the optimizer steps that read a document; the caller brings it, since it needs the model's plan. Where it raises an AssayError,
    the story says so: a checkpoint that cannot be read is not one that read nothing.

    Raises:
        ConfigError: no document, or more than one, has an id that begins so; the message names those that are near.
        WarehouseError: raw access cannot be logged, or a file cannot be read.
    """
    with connect(warehouse, raw=raw, purpose=f"why {doc_id}") as connection, damage_explained():
        return tell(connection, doc_id, raw=raw, steps=steps, scan=lambda found: scanned(warehouse, shown_manifests(warehouse), found))


def tell(connection: duckdb.DuckDBPyConnection, doc_id: str, *, raw: bool = False, steps: StepsOf | None = None, scan: Scan | None = None) -> Story:
    """As ``story``, over a connection of ``app.catalog.connect``; ``scan`` looks for personal data where no step did."""
    whole = resolve(connection, doc_id)
    origin = _one(connection, "SELECT * FROM documents WHERE doc_id = $id", whole) or {"doc_id": whole}
    clean = _one(connection, "SELECT * FROM texts WHERE doc_id = $id", whole) or {}
    final = _one(connection, "SELECT text FROM corpus WHERE doc_id = $id", whole)
    fate = _one(connection, "SELECT fate, step, reason FROM fates WHERE doc_id = $id", whole)
    split = _one(connection, "SELECT split FROM splits WHERE doc_id = $id", whole)
    shard = _one(connection, "SELECT CAST(sum(num_tokens) AS BIGINT) AS num_tokens FROM shards WHERE doc_id = $id", whole)
    raw_text = origin.pop("text", None)
    train_steps, unknown = _read_at(steps, whole)
    text = clean.pop("text", None)
    looked = scan(whole) if scan and clean and text is None else None
    return Story(
        doc_id=whole,
        origin=origin,
        journey=_journey(connection, whole, fate),
        text=looked.text if looked else text,
        raw_text=raw_text if raw else None,
        final_text=final["text"] if final else None,
        clean={k: v for k, v in clean.items() if k in {"language", "num_bytes", "sha256"}},
        edits=_rows(connection, _EDITS, whole),
        signals=_rows(connection, _SIGNALS, whole),
        verdicts=_rows(connection, _VERDICTS, whole),
        duplicate=_one(connection, "SELECT kept_doc_id, cluster_id, kind, jaccard FROM duplicates WHERE doc_id = $id", whole),
        copies=_rows(connection, _COPIES, whole),
        split=split["split"] if split else None,
        contamination=_rows(connection, _CONTAMINATION, whole),
        pii=_rows(connection, _PII, whole),
        passed_over=_rows(connection, _PASSED_OVER, whole),
        quarantine=_rows(connection, "SELECT step, error, message FROM quarantine WHERE doc_id = $id ORDER BY step, error", whole),
        fate=fate,
        num_tokens=shard["num_tokens"] if shard else None,
        train_steps=train_steps,
        train_steps_unknown=unknown,
        scanned=looked.facts() if looked else None,
    )


def resolve(connection: duckdb.DuckDBPyConnection, doc_id: str) -> str:
    """The whole id of the one document whose id begins so.

    Raises:
        ConfigError: none does, or several do.
    """
    wanted = doc_id.strip().lower()
    found = _beginning(connection, wanted) if len(wanted) >= MIN_PREFIX else []
    if len(found) == 1 or (found and found[0] == wanted):
        return found[0]
    shown = visible(doc_id)[: _ID_DIGITS + 8]
    if found:
        raise ConfigError(f"{shown}: more than one document has an id that begins so: {', '.join(found[:5])}; give more digits")
    if not connection.sql("SELECT 1 FROM documents LIMIT 1").fetchall():
        raise ConfigError(f"{shown}: the warehouse holds no documents yet; run `assay demo` or `assay run RUN.toml` first")
    raise ConfigError(f"{shown}: no document has this id; {_nearest(connection, wanted)}")


def render(told: Story) -> str:
    """The story as plain text for a terminal, in the order in which it happened; control characters of the text are made visible."""
    parts = [_heading(told), _came_from(told), _path(told), _measured(told), _failed(told), _copies(told), _met(told), _changed(told), _became(told)]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


_EDITS: Final = """
    SELECT step, cause, from_version, count(*) AS num_edits, CAST(sum("end" - "start") AS BIGINT) AS bytes_out,
           CAST(sum(new_length) AS BIGINT) AS bytes_in
    FROM edits WHERE doc_id = $id GROUP BY step, cause, from_version ORDER BY from_version DESC, step, cause
"""
_SIGNALS: Final = "SELECT family, signal, value FROM signal_values WHERE doc_id = $id ORDER BY family, signal"
_COPIES: Final = """
    SELECT doc_id, kind, jaccard FROM duplicates WHERE kept_doc_id = $id AND kind <> 'elsewhere' ORDER BY jaccard DESC, doc_id
"""
_VERDICTS: Final = "SELECT step, rule, reason, value, threshold FROM verdicts WHERE doc_id = $id ORDER BY step, rule"
_CONTAMINATION: Final = """
    SELECT DISTINCT  -- a check met again what the run left
        benchmark, item_id, part, tier, num_ngrams, coverage, num_edits, similarity, doc_start, doc_end, item_start, item_end, action, reason
    FROM contamination WHERE doc_id = $id ORDER BY doc_start, benchmark, item_id, part
"""
_PII: Final = """
    SELECT entity, policy, rule, count(*) AS num_spans, list(DISTINCT recognizer ORDER BY recognizer) AS recognizers
    FROM pii_spans WHERE doc_id = $id GROUP BY entity, policy, rule ORDER BY num_spans DESC, entity, policy NULLS FIRST, rule NULLS FIRST
"""
_PASSED_OVER: Final = """
    SELECT rule, entity, count(*) AS num_places FROM pii_passed_over WHERE doc_id = $id GROUP BY rule, entity ORDER BY num_places DESC, rule, entity
"""
_LEDGER_STEPS: Final = """
    SELECT l.step, s.num_bytes FROM (SELECT DISTINCT step FROM ledger) AS l
    LEFT JOIN survivors AS s ON s.step = l.step AND s.doc_id = $id
    LEFT JOIN steps AS o ON o.step = l.step
    ORDER BY o.position NULLS LAST, l.step
"""


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, doc_id: str) -> tuple[Row, ...]:
    return tuple(connection.sql(sql, params={"id": doc_id}).to_arrow_table().to_pylist())


def _one(connection: duckdb.DuckDBPyConnection, sql: str, doc_id: str) -> Row | None:
    rows = _rows(connection, sql, doc_id)
    return rows[0] if rows else None


def _read_at(steps: StepsOf | None, doc_id: str) -> tuple[tuple[int, ...] | None, str | None]:
    try:
        return tuple(steps(doc_id)) if steps else None, None
    except AssayError as error:
        return None, str(error)


def _beginning(connection: duckdb.DuckDBPyConnection, prefix: str) -> list[str]:
    sql = "SELECT doc_id FROM documents WHERE starts_with(doc_id, $prefix) ORDER BY doc_id LIMIT 6"
    return [row[0] for row in connection.sql(sql, params={"prefix": prefix}).fetchall()]


def _nearest(connection: duckdb.DuckDBPyConnection, wanted: str) -> str:
    for length in range(len(wanted) - 1, 0, -1):
        near = _beginning(connection, wanted[:length])
        if near:
            return f"the nearest are {', '.join(near[:3])}"
    return "an id has 32 hex digits, and its first 4 are enough if no other begins so"


def _journey(connection: duckdb.DuckDBPyConnection, doc_id: str, fate: Row | None) -> tuple[Row, ...]:
    rows = _rows(connection, _LEDGER_STEPS, doc_id)
    ended = (
        [row["step"] for row in rows].index(fate["step"])
        if fate and fate["fate"] != "kept" and fate["step"] in {r["step"] for r in rows}
        else len(rows)
    )
    told = []
    for i, row in enumerate(rows):
        outcome = "passed" if i < ended else (fate or {}).get("fate", "passed") if i == ended else "not reached"
        told.append({"step": row["step"], "outcome": outcome, "num_bytes": row["num_bytes"]})
    return tuple(told)


def _heading(told: Story) -> list[str]:
    if told.fate is None:
        return [f"document {told.doc_id}", "No fate yet: the run stopped before this document's end."]
    fate, step, reason = told.fate["fate"], told.fate["step"], told.fate["reason"]
    why = f" by {step}: {visible(reason_in_words(reason))} ({visible(reason or 'no reason recorded')})" if fate != "kept" else f". {FATES[fate]}"
    return [f"document {told.doc_id}", f"{fate.capitalize()}{why}"]


def _came_from(told: Story) -> list[str]:
    order = ("source", "kind", "license", "created_at", "url", "record_key", "origin", "origin_file", "origin_codec", "origin_offset", "num_bytes")
    facts = [(key, told.origin[key]) for key in order if told.origin.get(key) is not None]
    facts += [("language", told.clean["language"])] if told.clean.get("language") else []
    return ["Where it came from", *_aligned((key, f"{value:,}" if isinstance(value, int) else visible(str(value))) for key, value in facts)]


def _path(told: Story) -> list[str]:
    reached = [r for r in told.journey if r["outcome"] != "not reached"]
    rows = ((r["step"], f"{r['outcome']:<12}{_bytes(r['num_bytes']):>16}   {STEPS.get(r['step'], '')}".rstrip()) for r in reached)
    missed = [r["step"] for r in told.journey if r["outcome"] == "not reached"]
    return ["Its way, step by step", *_aligned(rows), *([f"  not reached: {', '.join(missed)}"] if missed else [])] if told.journey else []


def _measured(told: Story) -> list[str]:
    return ["What was measured", *_aligned((f"{r['family']}.{r['signal']}", _number(r["value"])) for r in told.signals)] if told.signals else []


def _failed(told: Story) -> list[str]:
    rows = (
        (r["rule"], f"{visible(r['reason'])}: measured {_number(r['value'])}, bound {_number(r['threshold'])} ({r['step']})") for r in told.verdicts
    )
    return ["Rules that it broke", *_aligned(rows)] if told.verdicts else []


def _copies(told: Story) -> list[str]:
    lines = []
    if told.duplicate:
        d = told.duplicate
        kind, what = d["kind"], f"which stayed (Jaccard {_number(d['jaccard'])}, cluster {d['cluster_id']})"
        if kind == "elsewhere":
            kind, what = "exact", "a document of another corpus"
        lines.append(f"  {kind} copy of {d['kept_doc_id']}, {what}")
    lines += [f"  stayed in place of {c['doc_id']} ({c['kind']}, Jaccard {_number(c['jaccard'])})" for c in told.copies[:10]]
    lines += [f"  ... and of {len(told.copies) - 10:,} more"] if len(told.copies) > 10 else []  # noqa: PLR2004 - as many as are listed above
    return ["Copies", *lines] if lines else []


def _likeness(row: Row) -> str:
    """How a passage is like the part of a test item that it was met for."""
    if row["tier"] == "semantic":
        return f"the same meaning, likeness {_number(row['similarity'])}"
    differs = f", {row['num_edits']:,} words differ" if row["num_edits"] else ""
    return f"{row['tier']}, {row['num_ngrams']:,} n-grams, {row['coverage']:.0%} of the part{differs}"


def _met(told: Story) -> list[str]:
    rows = (
        f"  {visible(r['benchmark'])} {visible(r['item_id'])} ({r['part']}): {_likeness(r)}, "
        f"bytes {r['doc_start']:,} to {r['doc_end']:,}; action: {r['action']}"
        + (f" ({WHY_NOT.get(r['reason'], r['reason'])})" if r["reason"] else "")
        for r in told.contamination
    )
    return ["Test items met in it", *rows] if told.contamination else []


def _changed(told: Story) -> list[str]:
    rows = [
        (
            f"{r['step']}: {visible(r['cause'])}",
            f"{r['num_edits']:,} edits of the {r['from_version']} text, {r['bytes_out']:,} bytes out, {r['bytes_in']:,} in",
        )
        for r in told.edits
    ]
    rows += [(f"personal data: {r['entity']}", visible(pii_in_words(r))) for r in told.pii]
    rows += [(f"not taken for {r['entity']}", visible(passed_over_in_words(r))) for r in told.passed_over]
    rows += [(f"set aside by {r['step']}", f"{r['error']}: {visible(r['message'] or '')}") for r in told.quarantine]
    return ["What was changed", *_aligned(rows)] if rows else []


def _became(told: Story) -> list[str]:
    facts = [("split", told.split), ("tokens", f"{told.num_tokens:,}" if told.num_tokens is not None else None)]
    facts.append(("read at training steps", _readings(told)))
    text = told.raw_text or told.final_text or told.text
    looked = ["", f"  {visible(scanned_in_words(told.scanned))}"] if told.scanned and text is told.text else []
    excerpt = ["", *(f"  | {line}" for line in visible(text[:EXCERPT]).splitlines()), *(["  | ..."] if len(text) > EXCERPT else [])] if text else []
    hidden = [] if text or looked else ["  text: not shown, since nobody looked for personal data in it; --raw shows it, and is logged"]
    return ["What it became", *_aligned((k, v) for k, v in facts if v), *looked, *hidden, *excerpt]


def _readings(told: Story) -> str | None:
    if told.train_steps_unknown:
        return f"unknown: {visible(told.train_steps_unknown)}"
    if not told.train_steps:
        return None if told.train_steps is None else "none"
    shown = ", ".join(f"{step:,}" for step in told.train_steps[:12])
    more = ", ..." if len(told.train_steps) > 12 else ""  # noqa: PLR2004 - as many as are listed above
    return f"{shown}{more} (all that a step read: assay train documents --step {told.train_steps[0]})"


def _aligned(rows: Iterable[tuple[str, str]]) -> list[str]:
    listed = list(rows)
    width = max((len(name) for name, _ in listed), default=0)
    return [f"  {name:<{width}}  {value}" for name, value in listed]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{int(value):,}" if math.isfinite(value) and value == int(value) else f"{value:,.4g}"


def _bytes(value: int | None) -> str:
    return "" if value is None else f"{value:,} bytes"


def _plain(value: object) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
