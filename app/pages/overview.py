"""Overview: what became of every document, why, and what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app import charts
from app.glossary import FATES, STEPS, passed_over_why, policy_in_words, reason_in_words
from app.look import KEPT
from app.served import Served, choice, served

if TYPE_CHECKING:
    import pyarrow as pa

NUMBER = st.column_config.NumberColumn
TEXT = st.column_config.TextColumn


def headline(here: Served, funnel: pa.Table) -> None:
    """The numbers that a reader asks for first."""
    fates = {row["fate"]: row["n"] for row in here.rows("SELECT fate, count(*) AS n FROM fates GROUP BY fate").to_pylist()}
    read = here.rows("SELECT count(*) AS n FROM documents").column("n")[0].as_py()
    facts = here.rows("""
        SELECT (SELECT count(*) FROM duplicates) AS copies, (SELECT count(*) FROM pii_spans) AS spans,
               (SELECT coalesce(CAST(sum(num_tokens) AS BIGINT), 0) FROM shards) AS tokens
    """).to_pylist()[0]
    steps = funnel.num_rows
    columns = st.columns(6)
    columns[0].metric("Documents read", f"{read:,}")
    columns[1].metric("Published", f"{fates.get('kept', 0):,}", help=FATES_HELP)
    columns[2].metric("Dropped", f"{fates.get('dropped', 0):,}", help=FATES_HELP)
    columns[3].metric("Set aside", f"{fates.get('quarantined', 0):,}", help=FATES_HELP)
    columns[4].metric("Personal data", f"{facts['spans']:,}", help="Passages such as e-mail addresses that were found; below stands what was done.")
    columns[5].metric("Million tokens", f"{facts['tokens'] / 1e6:,.2f}", help="The units that a model reads; a short word is often one token.")
    balanced = all(here.saved("ledger_balance").column("is_balanced").to_pylist())
    if balanced and steps:
        st.success(f"The books balance: over {steps:,} steps, no document and no byte was lost or invented.", icon=":material/balance:")
    elif steps:
        st.error(
            "The books do not balance: a step lost or invented documents or bytes. The query ledger_balance names it.", icon=":material/warning:"
        )


FATES_HELP = (
    "Published: it is in the corpus. Dropped: a step decided against it, and the reason is recorded. Set aside: it could not be read or processed."
)


def show_funnel(funnel: pa.Table) -> None:
    """Chart and table of the steps; both from the ledger."""
    st.subheader("Step by step")
    st.caption("Every document goes through these steps in order. What a step does not let pass is counted, with the reason.")
    st.altair_chart(charts.funnel(funnel))
    st.dataframe(
        funnel,
        hide_index=True,
        key="funnel_table",
        height="content",
        column_order=["step", "docs_in", "docs_kept", "docs_dropped", "docs_quarantined", "kept_ratio", "bytes_in", "bytes_kept", "meaning"],
        column_config={
            "step": TEXT("Step"),
            "meaning": TEXT("What it does", width="large"),
            "docs_in": NUMBER("Documents in", format="localized"),
            "docs_kept": NUMBER("Went on", format="localized"),
            "docs_dropped": NUMBER("Dropped", format="localized"),
            "docs_quarantined": NUMBER("Set aside", format="localized"),
            "kept_ratio": NUMBER("Went on, share", format="percent"),
            "bytes_in": NUMBER("Bytes in", format="localized"),
            "bytes_kept": NUMBER("Bytes on", format="localized"),
        },
    )


def show_reasons(here: Served) -> None:
    """Why documents ended: one reason each, so that the numbers add up to those above."""
    st.subheader("Why documents were left out")
    rows = here.rows(_ENDS).to_pylist()
    if not rows:
        st.caption("No document was left out.")
        return
    st.caption(
        "Each document is counted once, under the reason that decided. A document may break several rules: the table below counts each of them."
    )
    st.altair_chart(charts.bars(rows, "reason", "documents", "documents"))
    with st.expander("Every rule, what it means and how many documents broke it", icon=":material/rule:"):
        told = [{**row, "in words": reason_in_words(row["reason"])} for row in here.saved("drops").to_pylist()]
        st.dataframe(
            told,
            hide_index=True,
            key="rules_table",
            column_order=["step", "rule", "in words", "num_docs", "num_docs_alone", "median_value", "threshold"],
            column_config={
                "step": TEXT("Step"),
                "rule": TEXT("Rule"),
                "in words": TEXT("In words", width="large"),
                "num_docs": NUMBER("Documents", format="localized"),
                "num_docs_alone": NUMBER("Broke this rule only", format="localized"),
                "median_value": NUMBER("Middle value", format="%.3g"),
                "threshold": NUMBER("Bound", format="%.3g"),
            },
        )


_ENDS = """
    SELECT replace(coalesce(reason, 'not recorded'), '_', ' ') AS reason, count(*) AS documents
    FROM fates WHERE fate <> 'kept' GROUP BY ALL ORDER BY documents DESC, reason
"""


def show_sources(here: Served) -> None:
    """What became of each source, and the largest groups of copies."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("By source")
        st.altair_chart(charts.fates(here.saved("fates_by_source")))
    with right:
        st.subheader("Copies")
        clusters = here.saved("duplicate_clusters", limit=8)
        total = here.rows("SELECT count(*) AS n, count(*) FILTER (WHERE kind = 'exact') AS exact FROM duplicates").to_pylist()[0]
        if not clusters.num_rows:
            st.caption("No copy was dropped.")
        else:
            st.caption(
                f"{total['n']:,} copies were dropped, {total['exact']:,} of them exact. The largest groups, each with one document that stayed:"
            )
            st.dataframe(
                clusters,
                hide_index=True,
                key="clusters_table",
                column_config={
                    "cluster_id": TEXT("Group", width="small"),
                    "num_removed": NUMBER("Dropped", format="localized"),
                    "num_exact": NUMBER("Exact", format="localized"),
                    "num_near": NUMBER("Near", format="localized"),
                    "num_kept": NUMBER("Stayed", format="localized"),
                    "lowest_jaccard": NUMBER("Least alike", format="%.2f", help="Share of five-word runs in common, 1 is the same text"),
                },
            )


def show_findings(here: Served) -> None:
    """Personal data, contamination, scores."""
    left, right = st.columns(2, gap="large")
    with left:
        show_personal(here)
    with right:
        st.subheader("Test questions met in the text")
        st.dataframe(
            here.saved("contamination_by_benchmark"),
            hide_index=True,
            key="contamination_table",
            column_order=["benchmark", "num_items", "num_items_unchecked", "num_items_met", "met_ratio", "num_docs"],
            column_config={
                "benchmark": TEXT("Test"),
                "num_items": NUMBER("Items", format="localized"),
                "num_items_unchecked": NUMBER("Unchecked", format="localized"),
                "num_items_met": NUMBER("Met", format="localized"),
                "met_ratio": NUMBER("Share met", format="percent"),
                "num_docs": NUMBER("In documents", format="localized"),
            },
        )
    scores = here.rows("SELECT model, task, metric, value, ci_low, ci_high, num_items FROM scores WHERE subset = 'all' ORDER BY task, metric, model")
    st.subheader("Scores")
    if not scores.num_rows:
        st.caption("No model has been scored yet.")
        return
    st.dataframe(
        scores,
        hide_index=True,
        key="scores_table",
        column_config={
            "model": TEXT("Model"),
            "task": TEXT("Test"),
            "metric": TEXT("Metric"),
            "value": NUMBER("Score", format="%.3f"),
            "ci_low": NUMBER("95% from", format="%.3f"),
            "ci_high": NUMBER("to", format="%.3f"),
            "num_items": NUMBER("Items", format="localized"),
        },
    )


def show_personal(here: Served) -> None:
    """What kinds were found and what was done with them; what looks like personal data and was left, with the rule."""
    st.subheader("Personal data")
    kinds = here.saved("pii_by_entity").to_pylist()
    if kinds:
        totals = [{"entity": e, "num_spans": sum(k["num_spans"] for k in kinds if k["entity"] == e)} for e in sorted({k["entity"] for k in kinds})]
        st.altair_chart(charts.bars(totals, "entity", "num_spans", "passages", KEPT))
    else:
        st.caption("None was found.")
    left = here.saved("pii_passed_over_by_rule").to_pylist()
    with st.expander("What was done, and what was left because a rule says that it is something else", icon=":material/rule:"):
        st.dataframe(
            [{**k, "done": policy_in_words(k["policy"])} for k in kinds],
            hide_index=True,
            key="personal_table",
            column_order=["entity", "done", "num_spans", "num_docs"],
            column_config={"entity": TEXT("Kind"), "done": TEXT("What was done", width="medium"), **_COUNTS},
        )
        st.dataframe(
            [{**row, "why": passed_over_why(row["rule"])} for row in left],
            hide_index=True,
            key="passed_over_table",
            column_order=["entity", "why", "num_places", "num_docs"],
            column_config={"entity": TEXT("Looks like"), "why": TEXT("Left, since it is", width="medium"), **_COUNTS},
        )


_COUNTS = {
    "num_spans": NUMBER("Passages", format="localized"),
    "num_places": NUMBER("Places", format="localized"),
    "num_docs": NUMBER("Documents", format="localized"),
}


def show_training(here: Served) -> None:
    """The loss of the newest training run."""
    curve = here.saved("loss_curve")
    if curve.num_rows:
        st.subheader("Training")
        st.altair_chart(charts.losses(curve))


def show_what_if(here: Served) -> None:
    """A bound that the reader moves, and what it would cost."""
    signals = here.rows("SELECT DISTINCT family || '.' || signal AS name FROM signal_values ORDER BY name").column("name").to_pylist()
    if not signals:
        return
    st.subheader("What if a rule were stricter?")
    st.caption("Choose a measurement and a bound. The documents below the bound are counted; nothing is changed.")
    left, middle, right = st.columns([2, 1, 3], vertical_alignment="bottom")
    first = choice("signal", signals)
    signal = left.selectbox("Measurement", signals, index=signals.index(first or _usual(signals)), key="what_if_signal")
    bound = middle.number_input("Bound", value=_number(st.query_params.get("bound")), key="what_if_bound")
    if signal != _usual(signals) or bound:
        st.query_params.update({"signal": signal, "bound": f"{bound:g}"})
    family, _, name = signal.partition(".")
    total: dict[str, Any] = here.saved("what_if", family=family, signal=name, bound=float(bound)).to_pylist()[0]
    right.metric("Published documents below the bound", f"{total['num_published_below']:,}", help=WHAT_IF_HELP)
    bins = here.rows(_BINS, family=family, signal=name).to_pylist()
    if bins:
        st.altair_chart(charts.histogram(bins, float(bound), signal))


WHAT_IF_HELP = "Documents that are in the corpus now and would be dropped by this bound."
# The middle 98 percent, since one huge document would push all others into one bar.
_BINS = """
    WITH v AS (SELECT value FROM signal_values WHERE family = $family AND signal = $signal AND value IS NOT NULL),
    r AS (SELECT quantile_cont(value, 0.01) AS low, quantile_cont(value, 0.99) AS high FROM v),
    b AS (SELECT least(39, greatest(0, CAST(floor((value - low) / nullif(high - low, 0) * 40) AS INTEGER))) AS bin, low, (high - low) / 40 AS width
          FROM v, r WHERE value BETWEEN low AND high)
    SELECT low + bin * width AS low, low + (bin + 1) * width AS high, count(*) AS documents FROM b WHERE bin IS NOT NULL GROUP BY ALL ORDER BY 1
"""


def _usual(signals: list[str]) -> str:
    """The length of a document where it was measured: everyone knows what it is."""
    return next((name for name in signals if name.endswith(("word_count", "num_words"))), signals[0])


def _number(text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if abs(value) < 1e12 else 0.0  # noqa: PLR2004 - also false for not-a-number


def page() -> None:
    """The page from top to bottom."""
    here = served()
    st.title("What became of every document")
    st.caption("Raw text was read, cleaned, measured and judged. This page counts what went in, what came out, and why the rest was left out.")
    funnel = here.saved("funnel")
    headline(here, funnel)
    show_funnel(funnel)
    show_reasons(here)
    show_sources(here)
    show_findings(here)
    show_training(here)
    show_what_if(here)
    with st.expander("Words used on these pages", icon=":material/menu_book:"):
        st.dataframe(
            [{"word": w, "means": m} for w, m in {**STEPS, **FATES}.items()],
            hide_index=True,
            key="glossary_table",
            column_config={"word": TEXT("Word"), "means": TEXT("Means", width="large")},
        )


page()
