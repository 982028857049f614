"""Documents: find one, and read its story step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.glossary import ACTIONS, FATES, STEPS, TIERS, WHY_NOT, passed_over_in_words, pii_in_words, reason_in_words, scanned_in_words
from app.served import Served, choice, rows_high, served
from app.visible import visible
from pipelines.contract.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from app.story import Story

MOST = 200
TEXT_PIXELS = 320
ICONS = {"passed": ":material/check_circle:", "dropped": ":material/cancel:", "quarantined": ":material/block:"}
NUMBER = st.column_config.NumberColumn
TEXT = st.column_config.TextColumn
ANY = "any"
_FIND = """
    SELECT d.doc_id, d.source, d.kind, t.language, d.num_bytes, coalesce(f.fate, 'undecided') AS fate, f.step, f.reason
    FROM documents AS d
    LEFT JOIN texts AS t ON t.doc_id = d.doc_id
    LEFT JOIN fates AS f ON f.doc_id = d.doc_id
    WHERE ($source = 'any' OR d.source = $source) AND ($reason = 'any' OR f.reason = $reason)
      AND ($fate = 'any' OR coalesce(f.fate, 'undecided') = $fate)
      AND ($words = '' OR starts_with(d.doc_id, lower($words)) OR d.doc_id IN (SELECT doc_id FROM corpus WHERE contains(lower(text), lower($words))))
    ORDER BY d.doc_id LIMIT 200
"""


def asked(here: Served) -> dict[str, str]:
    """What the reader looks for; every choice is in the address."""
    words = st.text_input(
        "Search", value=st.query_params.get("q", ""), key="q_input", placeholder="Words of a published text, or the beginning of a document's id"
    )
    found = {"words": (words or "").strip()}
    columns = st.columns(3)
    for column, (name, label, sql) in zip(columns, _FILTERS, strict=True):
        options = [ANY, *here.rows(sql).column(0).to_pylist()]
        chosen = choice(name, options) or ANY
        found[name] = column.selectbox(label, options, index=options.index(chosen), key=f"{name}_input")
    for name, value in {"q": found["words"], **{n: found[n] for n, _, _ in _FILTERS}}.items():
        if value not in {"", ANY}:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]
    return found


_FILTERS = (
    ("source", "Source", "SELECT DISTINCT source FROM documents ORDER BY 1"),
    ("fate", "What became of it", "SELECT DISTINCT fate FROM fates ORDER BY 1"),
    ("reason", "Reason", "SELECT DISTINCT reason FROM fates WHERE reason IS NOT NULL ORDER BY 1"),
)


def pick(rows: pa.Table, filters: dict[str, str]) -> str | None:
    """The document that is chosen: by a click in the list, or by the address."""
    st.caption(f"{rows.num_rows:,} documents are listed, at most {MOST:,}. Tick a row to read its story below.")
    told = [{**row, "in words": reason_in_words(row["reason"])} for row in rows.to_pylist()]
    event = st.dataframe(
        told,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=rows_high(rows.num_rows),
        placeholder="",
        key="documents_" + "/".join(filters.values()),
        column_order=["doc_id", "source", "kind", "language", "num_bytes", "fate", "step", "in words"],
        column_config={
            "doc_id": TEXT("Document"),
            "source": TEXT("Source"),
            "kind": TEXT("Kind"),
            "language": TEXT("Language", width="small"),
            "num_bytes": NUMBER("Bytes", format="localized"),
            "fate": TEXT("What became of it"),
            "step": TEXT("Decided by"),
            "in words": TEXT("Why", width="large"),
        },
    )
    chosen = event["selection"]["rows"]
    if chosen:
        st.query_params["doc"] = told[chosen[0]]["doc_id"]
    return st.query_params.get("doc")


def show(here: Served, doc_id: str) -> None:
    """The story of one document, or why there is none."""
    try:
        told = here.story(doc_id)
    except ConfigError as error:
        st.warning("The document in the address was not found.", icon=":material/search_off:")
        st.code(visible(str(error)), language=None, wrap_lines=True)
        return
    st.divider()
    st.subheader("The story of this document")
    st.code(told.doc_id, language=None)
    verdict(told)
    texts(told)
    journey(told)


def journey(told: Story) -> None:
    """The steps in order; those that have something to say are open."""
    st.subheader("Step by step")
    missed = [row["step"] for row in told.journey if row["outcome"] == "not reached"]
    with st.container(key="journey"):
        for row in told.journey:
            if row["outcome"] != "not reached":
                with st.expander(_label(row), icon=ICONS.get(row["outcome"]), expanded=row["outcome"] != "passed"):
                    step_details(told, row["step"])
    if missed:
        st.caption("The document ended before these steps:")
        st.text(", ".join(missed))


def verdict(told: Story) -> None:
    """What became of it, in a line."""
    fate = told.fate or {"fate": "undecided", "step": "", "reason": None}
    if fate["fate"] == "kept":
        st.success("Published: it is in the corpus.", icon=":material/check_circle:")
    elif fate["fate"] == "undecided":
        st.info("Undecided: the run stopped before this document's end.", icon=":material/hourglass_empty:")
    else:
        st.warning("Left out. The step that decided, and the reason:", icon=":material/cancel:")
        st.text(f"{fate['step']}: {visible(reason_in_words(fate['reason']))}")


def _label(row: dict[str, Any]) -> str:
    """A heading of a step; the step's name is one of ours or it is not shown, since headings are markup."""
    name = row["step"] if row["step"] in STEPS else "another step"
    outcome = row["outcome"] if row["outcome"] in ICONS else "passed"
    size = "" if row["num_bytes"] is None else f", {row['num_bytes']:,} bytes"
    return f"**{name}** · {outcome}{size} · {STEPS.get(name, '')}"


def step_details(told: Story, step: str) -> None:
    """What a step recorded about the document."""
    lines = DETAILS[step](told) if step in DETAILS else []
    edits = [
        f"{e['cause']}: {e['num_edits']:,} edits, {e['bytes_out']:,} bytes out, {e['bytes_in']:,} bytes in" for e in told.edits if e["step"] == step
    ]
    broken = [r for r in told.verdicts if r["step"] == step]
    for line in lines + edits:
        st.text(visible(line))
    if step == "measure" and told.signals:
        st.dataframe(
            list(told.signals),
            hide_index=True,
            key="signals_table",
            column_config={"family": TEXT("Family"), "signal": TEXT("Measurement"), "value": NUMBER("Value", format="%.4g")},
        )
    if broken:
        rows = [{**r, "in words": reason_in_words(r["reason"])} for r in broken]
        st.dataframe(
            rows,
            hide_index=True,
            key=f"verdicts_{step}",
            column_order=["rule", "in words", "value", "threshold"],
            column_config={
                "rule": TEXT("Rule broken"),
                "in words": TEXT("In words"),
                "value": NUMBER("Measured", format="%.4g"),
                "threshold": NUMBER("Bound", format="%.4g"),
            },
        )
    if not lines and not edits and not broken and step != "measure":
        st.caption("Nothing to report: the document went through unchanged.")


def _ingest(told: Story) -> list[str]:
    order = {"source": "source", "kind": "kind", "license": "licence", "num_bytes": "bytes as read", "origin_offset": "place in its file"}
    facts = [(label, told.origin[key]) for key, label in order.items() if told.origin.get(key) is not None]
    return [f"{label}: {value:,}" if isinstance(value, int) else f"{label}: {value}" for label, value in facts]


def _clean(told: Story) -> list[str]:
    quarantined = [f"set aside: {q['error']}, {q['message']}" for q in told.quarantine]
    return [f"language: {told.clean['language']}", *quarantined] if told.clean.get("language") else quarantined


def _dedup(told: Story) -> list[str]:
    lines = [f"stayed in place of {c['doc_id']} ({c['kind']} copy, similarity {c['jaccard']:.3f})" for c in told.copies[:20]]
    if told.duplicate:
        d = told.duplicate
        if d["kind"] == "elsewhere":
            lines.append(f"exact copy of {d['kept_doc_id']}, a document of another corpus")
        else:
            lines.append(f"{d['kind']} copy of {d['kept_doc_id']}, which stayed; similarity {d['jaccard']:.3f}")
    return lines


def _met(told: Story) -> list[str]:
    return [
        f"{c['benchmark']} item {c['item_id']} ({c['part']}), {TIERS.get(c['tier'], c['tier'])}, "
        f"bytes {c['doc_start']:,} to {c['doc_end']:,}: {ACTIONS.get(c['action'], c['action'])}"
        + (f"; {WHY_NOT.get(c['reason'], c['reason'])}" if c["reason"] else "")
        for c in told.contamination
    ]


def _personal(told: Story) -> list[str]:
    return [f"{p['entity']}: {pii_in_words(p)}" for p in told.pii] + [
        f"not taken for {p['entity']}: {passed_over_in_words(p)}" for p in told.passed_over
    ]


DETAILS: dict[str, Callable[[Story], list[str]]] = {
    "ingest": _ingest,
    "clean": _clean,
    "dedup": _dedup,
    "split": lambda told: [f"on the side: {told.split}"] if told.split else [],
    "decontaminate": _met,
    "scrub": _personal,
    "tokenize": lambda told: [f"{told.num_tokens:,} tokens"] if told.num_tokens is not None else [],
}


def texts(told: Story) -> None:
    """The text before and after, as plain text: never as markup."""
    st.subheader("Its text")
    if told.scanned is not None:
        st.text(visible(scanned_in_words(told.scanned)))
        if told.text is not None:
            st.code(visible(told.text), language=None, wrap_lines=True, height=TEXT_PIXELS)
        return
    if told.text is None and told.final_text is None:
        st.info(
            "The text is not shown: the document ended before personal data was looked for. "
            "A person with access can run assay why with --raw; that use is logged.",
            icon=":material/visibility_off:",
        )
        return
    before, after = st.columns(2, gap="medium")
    with before:
        st.caption("As cleaned. Asterisks hide what was taken out.")
        st.code(visible(told.text or ""), language=None, wrap_lines=True, height=TEXT_PIXELS)
    with after:
        st.caption("As published.")
        st.code(visible(told.final_text or ""), language=None, wrap_lines=True, height=TEXT_PIXELS)


def page() -> None:
    """The page from top to bottom."""
    here = served()
    st.title("Documents")
    filters = asked(here)
    rows = here.rows(_FIND, **filters)
    doc_id = pick(rows, filters)
    if doc_id:
        show(here, doc_id)
    else:
        st.info(
            "No document is chosen. The story of one shows where it came from, what was measured, and which rule decided.",
            icon=":material/touch_app:",
        )
        st.dataframe(
            [{"word": w, "means": m} for w, m in FATES.items()],
            hide_index=True,
            key="fates_table",
            column_config={"word": TEXT("What became of it"), "means": TEXT("Means", width="large")},
        )


page()
