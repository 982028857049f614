"""Contamination: which questions of the tests stand in the training text, with the words that match marked on both sides."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from app.glossary import ACTIONS, TIERS, WHY_NOT, scanned_in_words
from app.passages import Passage, passage
from app.served import Served, choice, rows_high, served
from app.visible import visible

MOST = 500
NUMBER = st.column_config.NumberColumn
TEXT = st.column_config.TextColumn
ALL, ALL_TIERS = "all tests", "all"
_RUNS = """
    SELECT DISTINCT benchmark, item_id, part, doc_id, tier, num_ngrams, coverage, num_edits, action, reason,
        doc_start, doc_end, item_start, item_end
    FROM contamination WHERE ($benchmark = 'all tests' OR benchmark = $benchmark) AND ($tier = 'all' OR tier = $tier)
    ORDER BY coverage DESC, num_ngrams DESC, benchmark, item_id, doc_id, doc_start LIMIT 500
"""
_ITEM = "SELECT text FROM benchmark_items WHERE benchmark = $benchmark AND item_id = $item_id AND part = $part"


def summary(here: Served) -> None:
    """How much of each test was met."""
    st.dataframe(
        here.saved("contamination_by_benchmark"),
        hide_index=True,
        key="tests_table",
        column_order=[
            "benchmark",
            "num_items",
            "num_items_unchecked",
            "num_items_met",
            "met_ratio",
            "num_items_exact",
            "num_items_inexact",
            "num_items_semantic",
            "num_docs",
            "num_docs_dropped",
            "num_docs_cut",
            "num_docs_flagged",
        ],
        column_config={
            "benchmark": TEXT("Test"),
            "num_items": NUMBER("Items", format="localized"),
            "num_items_unchecked": NUMBER("Unchecked", format="localized"),
            "num_items_met": NUMBER("Met", format="localized"),
            "met_ratio": NUMBER("Share", format="percent"),
            "num_items_exact": NUMBER("Exact", format="localized"),
            "num_items_inexact": NUMBER("Inexact", format="localized"),
            "num_items_semantic": NUMBER("By meaning", format="localized"),
            "num_docs": NUMBER("Documents", format="localized"),
            "num_docs_dropped": NUMBER("Left out", format="localized"),
            "num_docs_cut": NUMBER("Cut", format="localized"),
            "num_docs_flagged": NUMBER("Noted", format="localized"),
        },
    )


def details(here: Served) -> None:
    """Sides, sources and dates, and what was taken as evidence of nothing."""
    left, right = st.columns(2, gap="large")
    with left:
        st.caption("Question, answer or both, in one document")
        st.dataframe(
            here.saved("contamination_by_side"),
            hide_index=True,
            key="sides_table",
            column_config={"benchmark": TEXT("Test"), "side": TEXT("Met"), "num_items": NUMBER("Items"), "num_docs": NUMBER("In documents")},
        )
    with right:
        st.caption("Where the documents come from")
        st.dataframe(
            here.saved("contamination_by_source"),
            hide_index=True,
            key="sources_table",
            column_config={
                "benchmark": TEXT("Test"),
                "source": TEXT("Source"),
                "month": TEXT("Month"),
                "num_items": NUMBER("Items"),
                "num_items_exact": NUMBER("Word for word"),
                "num_docs": NUMBER("Documents"),
            },
        )
        shared = here.saved("boilerplate_by_benchmark")
        if shared.num_rows:
            st.caption("Phrases of the tests that so many documents share that they were taken as evidence of nothing")
            st.dataframe(
                shared,
                hide_index=True,
                key="boilerplate_table",
                column_config={
                    "benchmark": TEXT("Test"),
                    "num_ngrams": NUMBER("Phrases"),
                    "num_items": NUMBER("Items"),
                    "most_docs": NUMBER("Documents of the commonest"),
                },
            )


def actions(here: Served) -> None:
    """What was done, and where that is not what the run file asks for, why."""
    done = here.saved("contamination_actions")
    words = pa.array([WHY_NOT.get(reason, reason or "") for reason in done.column("reason").to_pylist()], pa.string())
    st.caption("What was done, and why it is not what the run file asks for that test")
    st.dataframe(
        done.set_column(done.schema.get_field_index("reason"), "reason", words),
        hide_index=True,
        key="actions_table",
        column_order=["benchmark", "tier", "action", "num_items", "num_docs", "reason"],
        column_config={
            "benchmark": TEXT("Test"),
            "tier": TEXT("Likeness"),
            "action": TEXT("What was done"),
            "reason": TEXT("Because"),
            "num_items": NUMBER("Items"),
            "num_docs": NUMBER("Documents"),
        },
    )


def filtered(label: str, name: str, options: list[str]) -> str:
    """What is chosen of the options, the first of which is everything; it stands in the address."""
    chosen = st.selectbox(label, options, index=options.index(choice(name, options) or options[0]), key=f"{name}_input")
    if chosen != options[0]:
        st.query_params[name] = chosen
    elif name in st.query_params:
        del st.query_params[name]
    return chosen


def pick(here: Served) -> dict[str, Any] | None:
    """The meeting of an item and a document that is chosen, by a click or by the address."""
    tests = [ALL, *here.rows("SELECT DISTINCT benchmark FROM contamination ORDER BY 1").column(0).to_pylist()]
    left, right = st.columns(2, gap="large")
    with left:
        benchmark = filtered("Test", "benchmark", tests)
    with right:
        tier = filtered("Likeness", "tier", [ALL_TIERS, *TIERS])
    rows = here.rows(_RUNS, benchmark=benchmark, tier=tier)
    st.caption(f"{rows.num_rows:,} meetings are listed, at most {MOST:,}, the fullest first. Tick a row to see both texts.")
    event = st.dataframe(
        rows,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=rows_high(rows.num_rows),
        key=f"runs_{benchmark}_{tier}",
        column_order=["benchmark", "item_id", "part", "doc_id", "tier", "coverage", "num_edits", "action", "reason"],
        column_config={
            "benchmark": TEXT("Test"),
            "item_id": TEXT("Item"),
            "part": TEXT("Part"),
            "doc_id": TEXT("Document"),
            "action": TEXT("What was done"),
            "reason": TEXT("Because"),
            "tier": TEXT("Likeness"),
            "num_edits": NUMBER("Words that differ", format="localized"),
            "coverage": NUMBER("Share of the part", format="percent"),
        },
    )
    return _chosen(rows, event["selection"]["rows"])


def _chosen(rows: pa.Table, ticked: list[int]) -> dict[str, Any] | None:
    listed = rows.to_pylist()
    if ticked:
        row: dict[str, Any] = listed[ticked[0]]
        st.query_params.update({"item": row["item_id"], "doc": row["doc_id"], "at": str(row["doc_start"])})
        return row
    wanted = tuple(st.query_params.get(name) for name in ("item", "doc", "at"))
    found = [row for row in listed if (row["item_id"], row["doc_id"], str(row["doc_start"])) == wanted]
    return found[0] if found else (listed[0] if listed else None)


def show(here: Served, row: dict[str, Any]) -> None:
    """Item and document side by side."""
    st.subheader("The item and the document")
    if row["action"] in ACTIONS and row["tier"] in TIERS:
        st.caption(f"How it is like the item: {TIERS[row['tier']]}. What was done about it: {ACTIONS[row['action']]}.")
    if row["reason"] in WHY_NOT:
        st.caption(f"Because {WHY_NOT[row['reason']]}.")
    items = here.rows(_ITEM, benchmark=row["benchmark"], item_id=row["item_id"], part=row["part"]).column("text").to_pylist()
    item = items[0] if items else None
    left, right = st.columns(2, gap="large")
    with left:
        st.text(visible(f"{row['benchmark']} · {row['item_id']} · {row['part']}"))
        st.caption("The item, as the test has it")
        if item is None:
            st.caption("The text of this item is not shown: it was made of a document in which nobody looked for personal data.")
        else:
            marked(passage(item, row["item_start"], row["item_end"]), "item")
    with right:
        document_side(here, row, item)


def document_side(here: Served, row: dict[str, Any], item: str | None) -> None:
    """The document's side: its text, masked when the run looked through it or now; else only the words that it shares with the item."""
    st.text(row["doc_id"])
    st.caption("The document, after cleaning")
    texts = here.rows("SELECT text FROM texts WHERE doc_id = $doc_id", doc_id=row["doc_id"]).column("text").to_pylist()
    shared = passage(item, row["item_start"], row["item_end"]).match if item else ""
    text = texts[0] if texts else None
    looked = here.scanned(row["doc_id"]) if text is None else None
    if looked is not None:
        st.text(visible(scanned_in_words(looked.facts())))
        text = looked.text
    if text is not None:
        found = passage(text, row["doc_start"], row["doc_end"])
        # What was cut is asterisks here; its words are those of the item, which anyone may read.
        hidden = set(found.match) <= {"*"} and bool(shared)
        marked(Passage(before=found.before, match=shared if hidden else found.match, after=found.after), "document")
        if hidden:
            st.caption("The marked passage was cut from the published text; its words are shown as the item has them.")
    elif shared:
        marked(Passage(before="", match=shared, after=""), "document")
        st.caption(
            "Only the words shared with the item are shown, as the item has them: the document was left out before personal data was looked for."
        )
    else:
        st.caption("The text of this document is not shown: nobody looked for personal data in it.")
    st.page_link("documents.py", label="The story of this document", icon=":material/article:", query_params={"doc": row["doc_id"]})


def marked(found: Passage, side: str) -> None:
    """Three plain blocks, flush: before, the match, after."""
    with st.container(key=f"passage_{side}"):
        if found.before:
            st.code(visible(found.before), language=None, wrap_lines=True)
        with st.container(key=f"match_{side}"):
            st.code(visible(found.match) or " ", language=None, wrap_lines=True)
        if found.after:
            st.code(visible(found.after), language=None, wrap_lines=True)


def page() -> None:
    """The page from top to bottom."""
    here = served()
    st.title("Test questions in the training text")
    st.caption(
        "A model that has read the questions of a test scores better than it should. Each item of a registered test was looked for "
        "in the training text: word for word, by a run with words changed too unless its file says otherwise, and by the meaning where "
        "`assay contamination check --semantic` was asked. What was met is listed here, with both texts. Shares divide by the items that "
        "were looked for; those too short for that are unchecked."
    )
    summary(here)
    if here.rows("SELECT 1 FROM contamination LIMIT 1").num_rows:
        details(here)
        actions(here)
    row = pick(here)
    if row is None:
        st.success("No such item of a registered test was met in the training text.", icon=":material/check_circle:")
        return
    show(here, row)


page()
