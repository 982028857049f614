"""``assay contamination report``: what of each benchmark was met in a corpus, on which side, where it came from, and what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from app.catalog import connect
from app.queries import answer
from app.visible import visible
from pipelines.contract.errors import ConfigError, InputError
from pipelines.contract.registry import did_you_mean

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.contract.warehouse import Warehouse

Row = dict[str, Any]
# Saved query -> title and columns, each with its heading.
_SHOWN: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "contamination_by_benchmark": (
        "Items met in the training text",
        {
            "benchmark": "benchmark", "num_items": "items", "num_items_unchecked": "unchecked", "num_items_met": "met", "met_ratio": "of checked",
            "num_items_exact": "exact", "num_items_inexact": "inexact", "num_items_semantic": "by meaning", "num_docs": "documents",
        },
    ),
    "contamination_by_side": (
        "Question or answer, in one document",
        {"benchmark": "benchmark", "side": "side", "num_items": "items", "num_docs": "documents"},
    ),
    "contamination_actions": (
        "What was done",
        {
            "benchmark": "benchmark", "tier": "tier", "action": "action", "reason": "because", "num_items": "items", "num_docs": "documents",
            "num_passages": "passages",
        },
    ),
    "contamination_by_source": (
        "Where it came from",
        {"benchmark": "benchmark", "source": "source", "month": "month", "num_items": "items", "num_items_exact": "exact", "num_docs": "documents"},
    ),
    "boilerplate_by_benchmark": (
        "Phrases that too many documents share, taken as evidence of nothing",
        {"benchmark": "benchmark", "num_ngrams": "n-grams", "num_items": "items", "most_docs": "documents of the commonest"},
    ),
}  # fmt: skip
_MOST_ROWS: Final = 20  # of a table on a terminal; --json has all


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The rows of each saved query that the report is made of, by its name."""

    rows: Mapping[str, Sequence[Row]]

    def facts(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {name: list(rows) for name, rows in self.rows.items()}

    def show(self, console: Console) -> None:
        """Prints a table for each query that has rows."""
        for name, (title, headings) in _SHOWN.items():
            rows = self.rows[name]
            if rows:
                console.print(f"\n[bold]{title}[/bold]", highlight=False)
                console.print(_table(headings, rows[:_MOST_ROWS]))
            if len(rows) > _MOST_ROWS:
                console.print(f"  ... and {len(rows) - _MOST_ROWS:,} more: assay sql --saved {name}", highlight=False)


def report(warehouse: Warehouse, benchmark: str | None = None) -> Report:
    """What the newest version knows about its benchmarks, or about one.

    Raises:
        InputError: no benchmark is registered here.
        ConfigError: none of this name is.
    """
    with connect(warehouse) as connection:
        rows = {name: answer(connection, name).to_pylist() for name in _SHOWN}
    known = [row["benchmark"] for row in rows["contamination_by_benchmark"]]
    if not known and rows["contamination_actions"]:
        raise InputError(f"{warehouse.root}: an older assay curated this corpus and kept no statuses of items; first: assay run RUN.toml")
    if not known:
        raise InputError(f"{warehouse.root}: no benchmark was looked for here; name tasks under [eval] of a run file, then: assay run RUN.toml")
    if benchmark is not None and benchmark not in known:
        raise ConfigError(f"contamination report: no benchmark {benchmark!r} is registered here; {did_you_mean(benchmark, known)}")
    return Report(rows={name: [row for row in its if benchmark in (None, row["benchmark"])] for name, its in rows.items()})


def _table(headings: Mapping[str, str], rows: Sequence[Row]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for name, heading in headings.items():
        is_number = any(isinstance(row[name], (int, float)) for row in rows)
        table.add_column(heading, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in headings))
    return table


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.1%}"
    return escape(visible(f"{value:,}" if isinstance(value, int) else str(value)))
