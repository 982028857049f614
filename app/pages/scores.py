"""Scores: what each model scored, how sure that is, and whether it had read the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app import charts
from app.glossary import SUBSETS
from app.served import Served, choice, rows_high, served
from app.visible import visible

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 1000
NUMBER = st.column_config.NumberColumn
TEXT = st.column_config.TextColumn
ALL = "all"
_ITEMS = """
    SELECT model, item_id, status, score, extracted, target, response, prompt_sha256, eval_id
    FROM predictions WHERE task = $task AND metric = $metric AND ($status = 'all' OR status = $status)
    ORDER BY model, eval_id, item_id LIMIT 1000
"""


def pick_test(scores: list[dict[str, Any]]) -> tuple[str, str]:
    """The test and the metric that are chosen."""
    left, right = st.columns(2)
    tasks = sorted({row["task"] for row in scores})
    task = left.selectbox("Test", tasks, index=tasks.index(choice("task", tasks) or tasks[0]), key="task_input")
    metrics = sorted({row["metric"] for row in scores if row["task"] == task})
    metric = right.selectbox("Metric", metrics, index=metrics.index(choice("metric", metrics) or metrics[0]), key=f"metric_input_{task}")
    st.query_params.update({"task": task, "metric": metric})
    return task, metric


def show_scores(rows: list[dict[str, Any]]) -> None:
    """Chart and table of one test."""
    st.altair_chart(charts.intervals(rows))
    st.caption("The dot is the score; the line is where the true score lies with 95% confidence. A long line means few items.")
    told = [{**row, "in words": SUBSETS.get(row["subset"], "")} for row in rows]
    st.dataframe(
        told,
        hide_index=True,
        key="scores_table",
        column_order=["model", "subset", "in words", "value", "ci_low", "ci_high", "num_items"],
        column_config={
            "model": TEXT("Model"),
            "subset": TEXT("Items"),
            "in words": TEXT("Which items", width="large"),
            "value": NUMBER("Score", format="%.4f"),
            "ci_low": NUMBER("95% from", format="%.4f"),
            "ci_high": NUMBER("to", format="%.4f"),
            "num_items": NUMBER("Number of items", format="localized"),
        },
    )


def pick_item(here: Served, task: str, metric: str) -> dict[str, Any] | None:
    """The answer that is chosen, by a click or by the address."""
    st.subheader("Answers, item by item")
    statuses = [ALL, *(s for s in SUBSETS if s != ALL)]
    status = st.selectbox("Items", statuses, index=statuses.index(choice("status", statuses) or ALL), key="status_input")
    if status != ALL:
        st.query_params["status"] = status
    elif "status" in st.query_params:
        del st.query_params["status"]
    rows = here.rows(_ITEMS, task=task, metric=metric, status=status)
    st.caption(f"{rows.num_rows:,} answers are listed, at most {MOST:,}. Tick a row to read it in full.")
    event = st.dataframe(
        rows,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=rows_high(rows.num_rows),
        key=f"items_{task}_{metric}_{status}",
        column_order=["model", "item_id", "status", "score"],
        column_config={
            "model": TEXT("Model"),
            "item_id": TEXT("Item"),
            "status": TEXT("In the training text?"),
            "score": NUMBER("Score", format="%.4g"),
        },
    )
    return _chosen(rows, event["selection"]["rows"])


def _chosen(rows: pa.Table, ticked: list[int]) -> dict[str, Any] | None:
    listed = rows.to_pylist()
    if ticked:
        row: dict[str, Any] = listed[ticked[0]]
        st.query_params.update({"item": row["item_id"], "eval": row["eval_id"]})
        return row
    wanted = (st.query_params.get("item"), st.query_params.get("eval"))
    return next((row for row in listed if (row["item_id"], row["eval_id"]) == wanted), None)


def show_item(row: dict[str, Any]) -> None:
    """One answer in full, as plain text."""
    st.text(visible(f"{row['model']} · {row['item_id']} · {row['status']}"))
    for label, name in (("What the model answered", "response"), ("The answer taken from it", "extracted"), ("The right answer", "target")):
        st.caption(label)
        st.code(visible(row[name]) if row[name] else "(none)", language=None, wrap_lines=True)


def page() -> None:
    """The page from top to bottom."""
    here = served()
    st.title("Scores")
    st.caption(
        "Each score comes with its doubt, and is split by whether this model's own training text held the items. "
        "If the contaminated items score far above the clean ones, the model has read the test."
    )
    scores = here.saved("scores").to_pylist()
    if not scores:
        st.info("No model has been scored in this warehouse yet. Run this in a terminal:", icon=":material/inbox:")
        st.code("assay train RUN.toml\nassay eval RUN.toml", language=None)
        return
    task, metric = pick_test(scores)
    show_scores([row for row in scores if (row["task"], row["metric"]) == (task, metric)])
    row = pick_item(here, task, metric)
    if row:
        show_item(row)


page()
