"""Contamination: which questions of the tests stand in the training text, with the words that match marked on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.glossary import ACTIONS
from app.passages import Passage, passage
from app.served import Served, choice, rows_high, served
from app.visible import visible

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 500
NUMBER = st.column_config.NumberColumn
TEXT = st.column_config.TextColumn
ALL = "all tests"
_RUNS = """
    SELECT benchmark, item_id, part, doc_id, num_ngrams, coverage, action, doc_start, doc_end, item_start, item_end
    FROM contamination WHERE $benchmark = 'all tests' OR benchmark = $benchmark
    ORDER BY coverage DESC, num_ngrams DESC, benchmark, item_id, doc_id, doc_start LIMIT 500
"""
_ITEM = "SELECT text FROM benchmark_items WHERE benchmark = $benchmark AND item_id = $item_id AND part = $part"


def summary(here: Served) -> None:
    """How much of each test was met."""
    st.dataframe(
        here.saved("contamination_by_benchmark"),
        hide_index=True,
        key="tests_table",
        column_config={
            "benchmark": TEXT("Test"),
            "num_items": NUMBER("Items", format="localized"),
            "num_items_met": NUMBER("Met", format="localized"),
            "met_ratio": NUMBER("Share met", format="percent"),
            "num_docs": NUMBER("In documents", format="localized"),
            "num_docs_dropped": NUMBER("Documents left out", format="localized"),
            "num_docs_cut": NUMBER("Documents cut", format="localized"),
            "highest_coverage": NUMBER("Most of an item", format="percent"),
        },
    )


def pick(here: Served) -> dict[str, Any] | None:
    """The meeting of an item and a document that is chosen, by a click or by the address."""
    options = [ALL, *here.rows("SELECT DISTINCT benchmark FROM contamination ORDER BY 1").column(0).to_pylist()]
    benchmark = st.selectbox("Test", options, index=options.index(choice("benchmark", options) or ALL), key="benchmark_input")
    if benchmark != ALL:
        st.query_params["benchmark"] = benchmark
    elif "benchmark" in st.query_params:
        del st.query_params["benchmark"]
    rows = here.rows(_RUNS, benchmark=benchmark)
    st.caption(f"{rows.num_rows:,} meetings are listed, at most {MOST:,}, the fullest first. Tick a row to see both texts.")
    event = st.dataframe(
        rows,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=rows_high(rows.num_rows),
        key=f"runs_{benchmark}",
        column_order=["benchmark", "item_id", "part", "doc_id", "num_ngrams", "coverage", "action"],
        column_config={
            "benchmark": TEXT("Test"),
            "item_id": TEXT("Item"),
            "part": TEXT("Part"),
            "doc_id": TEXT("Document"),
            "action": TEXT("What was done"),
            "num_ngrams": NUMBER("Runs of 13 words", format="localized"),
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
    if row["action"] in ACTIONS:
        st.caption(f"What was done about it: {ACTIONS[row['action']]}.")
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
    """The document's side: its served text where there is one, else only the words that it shares with the item."""
    st.text(row["doc_id"])
    st.caption("The document, after cleaning")
    texts = here.rows("SELECT text FROM texts WHERE doc_id = $doc_id", doc_id=row["doc_id"]).column("text").to_pylist()
    shared = passage(item, row["item_start"], row["item_end"]).match if item else ""
    if texts and texts[0] is not None:
        found = passage(texts[0], row["doc_start"], row["doc_end"])
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
        "in the training text, as runs of 13 words in a row. What was met is listed here, with both texts."
    )
    summary(here)
    row = pick(here)
    if row is None:
        st.success("No item of a registered test was met in the training text.", icon=":material/check_circle:")
        return
    show(here, row)


page()
