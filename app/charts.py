"""The charts of the pages: tables in, Altair charts out. Only names and numbers go into a chart, never text of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from app.look import ASIDE, DROPPED, FATE_COLOURS, KEPT, SUBSET_COLOURS

if TYPE_CHECKING:
    import pyarrow as pa

Chart = Any  # altair has no types of its own
_BAR = 30  # height of a bar with its gap, pixels
_AXES = 70  # height of an axis with its title
_LEGEND = 75
_GRID = "#e5e9ee"


def funnel(rows: pa.Table) -> Chart:
    """A bar a step: documents that went on, were dropped, were set aside."""
    names = {"docs_kept": "went on", "docs_dropped": "dropped", "docs_quarantined": "set aside"}
    steps = rows.column("step").to_pylist()
    values = [
        {"step": row["step"], "meaning": row["meaning"], "what": what, "documents": row[column], "order": order}
        for row in rows.to_pylist()
        for order, (column, what) in enumerate(names.items())
    ]
    colours = alt.Scale(domain=list(names.values()), range=[KEPT, DROPPED, ASIDE])
    return _sized(
        alt.Chart(_data(values))
        .mark_bar(height=18)
        .encode(
            y=alt.Y("step:N", sort=steps, title=None, axis=_names()),
            x=alt.X("documents:Q", title="documents", axis=_thousands()),
            color=alt.Color("what:N", scale=colours, title=None, legend=alt.Legend(orient="top")),
            order="order:Q",
            tooltip=["step:N", "meaning:N", "what:N", alt.Tooltip("documents:Q", format=",")],
        ),
        len(steps),
        _LEGEND,
    )


def bars(rows: list[dict[str, Any]], name: str, value: str, title: str, colour: str = DROPPED) -> Chart:
    """A bar a row, longest first, with its number at the end."""
    room = alt.Scale(domainMax=max((row[value] for row in rows), default=1) * 1.15)  # for the number at the end of the longest bar
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y(f"{name}:N", sort="-x", title=None, axis=_names()), x=alt.X(f"{value}:Q", title=title, axis=_thousands(), scale=room)
    )
    text = base.mark_text(align="left", dx=4, color="#4a5568").encode(text=alt.Text(f"{value}:Q", format=","))
    return _sized(base.mark_bar(height=18, color=colour) + text, len(rows))


def fates(rows: pa.Table) -> Chart:
    """A bar a source, cut by the fates of its documents."""
    told = sorted(rows.to_pylist(), key=lambda row: list(FATE_COLOURS).index(row["fate"]))
    met = [fate for fate in FATE_COLOURS if fate in {row["fate"] for row in told}]
    colours = alt.Scale(domain=met, range=[FATE_COLOURS[fate] for fate in met])
    return _sized(
        alt.Chart(_data([{**row, "order": met.index(row["fate"])} for row in told]))
        .mark_bar(height=18)
        .encode(
            y=alt.Y("source:N", title=None, axis=_names()),
            order="order:Q",
            x=alt.X(
                "share:Q",
                title="share of the source's documents",
                axis=alt.Axis(format="%", gridColor=_GRID, tickCount=5),
                scale=alt.Scale(domain=[0, 1]),
            ),
            color=alt.Color("fate:N", scale=colours, title=None, legend=alt.Legend(orient="top")),
            tooltip=["source:N", "fate:N", alt.Tooltip("num_docs:Q", format=",", title="documents"), alt.Tooltip("share:Q", format=".1%")],
        ),
        len({row["source"] for row in told}),
        _LEGEND,
    )


def intervals(rows: list[dict[str, Any]]) -> Chart:
    """A dot a score with its 95% interval; one row a model and subset."""
    colours = alt.Scale(domain=list(SUBSET_COLOURS), range=list(SUBSET_COLOURS.values()))
    told = [{**row, "who": f"{row['model']} · {row['subset']}"} for row in rows]
    base = alt.Chart(_data(told)).encode(
        y=alt.Y("who:N", sort=[row["who"] for row in told], title=None, axis=_names()),
        color=alt.Color("subset:N", scale=colours, legend=None),
        tooltip=[
            "model:N",
            "subset:N",
            alt.Tooltip("value:Q", format=".4f"),
            alt.Tooltip("ci_low:Q", format=".4f"),
            alt.Tooltip("ci_high:Q", format=".4f"),
            alt.Tooltip("num_items:Q", format=",", title="items"),
        ],
    )
    axis = alt.Axis(gridColor=_GRID, tickCount=6)
    low = alt.X("ci_low:Q", title="score, with its 95% interval", axis=axis, scale=alt.Scale(zero=False))
    line = base.mark_rule(strokeWidth=4, opacity=0.4).encode(x=low, x2="ci_high:Q")
    dot = base.mark_point(size=130, filled=True, opacity=1).encode(x="value:Q")
    return _sized(line + dot, len(told))


def losses(rows: pa.Table) -> Chart:
    """A line a source: training loss by tokens seen."""
    return (
        alt.Chart(_data(rows.to_pylist()))
        .mark_line(strokeWidth=1.6)
        .encode(
            x=alt.X("step:Q", title="optimizer step", axis=_thousands()),
            y=alt.Y("loss_nats:Q", title="loss, nats per token", axis=alt.Axis(gridColor=_GRID), scale=alt.Scale(zero=False)),
            color=alt.Color("source:N", title=None, legend=alt.Legend(orient="top"), scale=alt.Scale(scheme="tableau10")),
            tooltip=["source:N", "step:Q", alt.Tooltip("loss_nats:Q", format=".3f")],
        )
        .properties(height=280)
    )


def histogram(rows: list[dict[str, Any]], bound: float, signal: str) -> Chart:
    """Documents by a signal's value, with the bound as a line."""
    place = alt.X("low:Q", title=signal.replace("_", " "), axis=alt.Axis(format=",.6~g", gridColor=_GRID, tickCount=6))
    told = ["documents:Q", alt.Tooltip("low:Q", title="from", format=",.4~g"), alt.Tooltip("high:Q", title="to", format=",.4~g")]
    height = alt.Y("documents:Q", title="documents", axis=_thousands())
    shape = alt.Chart(_data(rows)).mark_rect(color=KEPT).encode(x=place, x2="high:Q", y=height, y2=alt.Y2Datum(0), tooltip=told)
    line = alt.Chart(_data([{"bound": bound}])).mark_rule(color=DROPPED, strokeWidth=2, strokeDash=[5, 3]).encode(x="bound:Q")
    return (shape + line).properties(height=220)


def _data(rows: list[dict[str, Any]]) -> Chart:
    return alt.Data(values=rows)


def _thousands() -> Chart:
    return alt.Axis(format=",d", gridColor=_GRID, tickCount=6, tickMinStep=1)


def _names() -> Chart:
    return alt.Axis(labelLimit=280, labelOverlap=False, ticks=False, domain=False)


def _sized(chart: Chart, num_bars: int, beside: int = 0) -> Chart:
    return chart.properties(height=max(1, num_bars) * _BAR + _AXES + beside)
