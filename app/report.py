"""The report at the end of a loop: one screen a person can read, every number from the tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.catalog import connect
from app.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    from rich.console import Console

    from pipelines.contract.warehouse import Warehouse

_REASONS: Final = """
    SELECT step, reason, count(*) AS documents FROM fates WHERE fate <> 'kept' GROUP BY step, reason ORDER BY documents DESC, step, reason LIMIT 12
"""
_FUNNEL: Final = """
    SELECT step, docs_in, docs_kept, docs_dropped, docs_quarantined, bytes_kept / 1e6, bytes_cut, wall_s FROM ledger
"""
_COPIES: Final = """
    SELECT kind, count(*) AS documents, min(jaccard) AS lowest, count(DISTINCT cluster_id) AS clusters FROM duplicates GROUP BY kind ORDER BY kind
"""
_ENTITIES: Final = """
    SELECT entity, count(*) AS spans, count(DISTINCT doc_id) AS documents FROM pii_spans GROUP BY entity ORDER BY spans DESC, entity
"""
_ITEMS: Final = """
    SELECT i.benchmark, count(DISTINCT i.item_id) AS items, count(DISTINCT i.item_id) FILTER (WHERE i.num_parts_checked > 0) AS looked_for,
        count(DISTINCT c.item_id) AS met, count(DISTINCT c.doc_id) AS documents, string_agg(DISTINCT c.action, ', ' ORDER BY c.action) AS actions
    FROM item_statuses i LEFT JOIN contamination c ON c.benchmark = i.benchmark AND c.item_id = i.item_id
    GROUP BY i.benchmark ORDER BY i.benchmark
"""
_LOSS: Final = "SELECT step, loss_nats FROM train_steps WHERE source IS NULL ORDER BY step"
_SCORES: Final = """
    SELECT task, metric, subset, value, ci_low, ci_high, num_items FROM scores WHERE model = $model
    ORDER BY task, metric, CASE subset WHEN 'all' THEN 0 WHEN 'clean' THEN 1 WHEN 'contaminated' THEN 2 WHEN 'inexact' THEN 3 ELSE 4 END
"""
_EXAMPLE: Final = "SELECT min(doc_id) FROM fates WHERE step = $step AND fate = $fate HAVING count(*) > 0"
_STEPS: Final = ("ingest", "clean", "measure", "judge", "dedup", "split", "register", "decontaminate", "scrub", "tokenize", "publish")
_BLOCKS: Final = "▁▂▃▄▅▆▇█"


def show_report(warehouse: Warehouse, console: Console, model: str, sample: tuple[str, str] | None) -> None:
    """Prints the report, with the scores of one model; ``sample`` is a prompt and what the model made of it."""
    with connect(warehouse) as connection:
        console.rule("What became of the text")
        console.print(_funnel(connection))
        _section(console, "Why documents went", ("step", "reason", "documents"), _all(connection, _REASONS))
        _section(console, "Copies", ("kind", "documents", "lowest Jaccard", "clusters"), _all(connection, _COPIES))
        _section(console, "Personal data replaced", ("entity", "spans", "documents"), _all(connection, _ENTITIES))
        _section(
            console,
            "Benchmark items met in the train side",
            ("benchmark", "items", "looked for", "met", "documents", "done"),
            _all(connection, _ITEMS),
        )
        _training(console, _all(connection, _LOSS))
        _section(
            console,
            "Scores, 95% intervals",
            ("task", "metric", "subset", "score", "low", "high", "items"),
            _all(connection, _SCORES, {"model": model}),
        )
        examples = _examples(connection)
    if sample is not None:
        told = Text(visible(sample[0]), style="bold") + Text(
            re.sub(r"\n{2,}", "\n", visible(sample[1]))
        )  # blank lines are cheap to predict and dull to read
        console.print(Panel(told, title="The model goes on (a small one, minutes old)", title_align="left"))
    _next_commands(console, warehouse, examples)


def sparkline(values: Sequence[float], width: int = 48) -> str:
    """Values as a row of blocks, the highest full.

    >>> sparkline([3.0, 2.0, 1.0])
    '█▅▁'
    """
    if not values:
        return ""
    picked = [values[i * len(values) // min(width, len(values))] for i in range(min(width, len(values)))]
    low, high = min(picked), max(picked)
    scale = (len(_BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BLOCKS[round((value - low) * scale)] for value in picked)


def _funnel(connection: duckdb.DuckDBPyConnection) -> Table:
    rows = sorted(_all(connection, _FUNNEL), key=lambda r: _STEPS.index(r[0]))
    return _table(("step", "in", "kept", "dropped", "set aside", "MB kept", "bytes cut", "seconds"), rows)


def _training(console: Console, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        losses = [float(loss) for _, loss in rows]
        console.print(f"\n[bold]Training loss[/bold]  {losses[0]:.2f} -> {losses[-1]:.2f} nats per token in {rows[-1][0]:,} steps", highlight=False)
        console.print(f"  {sparkline(losses)}", highlight=False)


def _examples(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    found = {}
    for name, step, fate in (("kept", "publish", "kept"), ("a near-duplicate", "dedup", "dropped"), ("failed a rule", "judge", "dropped")):
        rows = connection.execute(_EXAMPLE, {"step": step, "fate": fate}).fetchall()
        if rows:
            found[name] = str(rows[0][0])
    return found


def _next_commands(console: Console, warehouse: Warehouse, examples: dict[str, str]) -> None:
    place = "" if str(warehouse.root) == str(warehouse.root.cwd() / "warehouse") else f" -w {warehouse.root}"
    console.rule("What to type next")
    lines = [(f"assay why {doc_id}{place}", name) for name, doc_id in examples.items()]
    lines += [
        (f'assay sql "select reason, count(*) from fates group by 1 order by 2 desc"{place}', "ask the tables"),  # noqa: S608 - shown, not run
        (f"assay sql --saved list{place}", "questions that are answered already"),
        (f"assay app{place}", "the pages for reviewers"),
        (f'assay generate "Permission is hereby granted"{place}', "let the model go on"),
    ]
    for command, meaning in lines:
        console.print(f"  .venv/bin/{escape(command)}   [dim]# {meaning}[/dim]", highlight=False, soft_wrap=True)


def _section(console: Console, title: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    console.print(f"\n[bold]{title}[/bold]")
    console.print(_table(columns, rows) if rows else "  none")


def _table(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for number, name in enumerate(columns):
        is_number = any(isinstance(row[number], (int, float)) for row in rows)
        table.add_column(name, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"  # noqa: PLR2004 - three decimals stop mattering
    return escape(f"{value:,}" if isinstance(value, int) else str(value))


def _all(connection: duckdb.DuckDBPyConnection, sql: str, params: dict[str, str] | None = None) -> list[tuple[Any, ...]]:
    return list(connection.execute(sql, params).fetchall())
