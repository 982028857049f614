"""What a corpus says about each registered item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from pipelines.contract.errors import ConfigError
from pipelines.contract.parts import PartWriter, read_table, tables_of
from pipelines.contract.schema import CONTAMINATION, ITEM_STATUSES
from pipelines.engine.local import LocalEngine
from pipelines.engine.options import LocalOptions
from pipelines.steps.decontaminate import CHECKS, unmatched_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Row = dict[str, object]


@pytest.fixture
def statuses(tmp_path: Path) -> Iterator[Callable[[list[Row], list[Row]], dict[str, Row]]]:
    engine = LocalEngine(LocalOptions(workers=1), tmp_path / "spill")

    def ask(checks: list[Row], met: list[Row]) -> dict[str, Row]:
        schemas: dict[str, pa.Schema] = {"checks": CHECKS, "contamination": CONTAMINATION.schema}
        with PartWriter(tmp_path / "given", schemas) as writer:
            for name, rows in (("checks", checks), ("contamination", met)):
                writer.write({name: pa.Table.from_pylist(rows, schema=schemas[name])})
        made = read_table(engine.query("item_statuses", tables_of(writer.files, schemas), ITEM_STATUSES.schema, tmp_path / "made"))
        return {f"{row['benchmark']}-{row['item_id']}": row for row in made.to_pylist()}

    yield ask
    engine.close()


def check(item_id: str, *, is_checked: bool, benchmark: str = "exam") -> Row:
    return {"benchmark": benchmark, "item_id": item_id, "is_checked": is_checked}


def met(item_id: str, action: str, *, benchmark: str = "exam", tier: str = "exact", reason: str | None = None) -> Row:
    return {"benchmark": benchmark, "item_id": item_id, "action": action, "tier": tier, "reason": reason}


def test_an_item_is_clean_only_if_one_of_its_parts_was_looked_for(statuses: Callable[..., dict[str, Row]]) -> None:
    found = statuses([check("a", is_checked=True), check("b", is_checked=False), check("c", is_checked=False), check("c", is_checked=True)], [])
    assert {key: (row["status"], row["num_parts"], row["num_parts_checked"]) for key, row in found.items()} == {
        "exam-a": ("clean", 1, 1), "exam-b": ("unchecked", 1, 0), "exam-c": ("clean", 2, 1),
    }  # fmt: skip


def test_only_what_stayed_in_the_corpus_contaminates_and_only_in_its_own_benchmark(statuses: Callable[..., dict[str, Row]]) -> None:
    checks = [check(item_id, is_checked=True) for item_id in "abcd"]
    rows = [met("a", "flag"), met("a", "cut"), met("b", "cut"), met("c", "drop", reason="document_dropped"), met("d", "flag", benchmark="other")]
    found = statuses(checks, rows)
    assert {key: row["status"] for key, row in found.items()} == {"exam-a": "contaminated", "exam-b": "clean", "exam-c": "clean", "exam-d": "clean"}


def test_words_that_differ_make_an_item_inexact_and_meaning_or_too_little_text_change_nothing(statuses: Callable[..., dict[str, Row]]) -> None:
    checks = [check(item_id, is_checked=True) for item_id in "abcde"]
    rows = [
        met("a", "flag", tier="inexact", reason="inexact"), met("b", "flag", tier="inexact"), met("b", "flag"), met("c", "flag", tier="semantic"),
        met("d", "flag", reason="low_coverage"), met("e", "flag", reason="no_answer"),
    ]  # fmt: skip
    found = statuses(checks, rows)
    expected = {"a": "inexact", "b": "contaminated", "c": "clean", "d": "clean", "e": "contaminated"}
    assert {key: row["status"] for key, row in found.items()} == {f"exam-{item_id}": status for item_id, status in expected.items()}


def test_a_part_that_no_item_has_is_told_and_refused_where_nothing_else_is_asked_for() -> None:
    items = pa.table({"part": ["question", "answer"], "role": ["input", "label"]})
    assert unmatched_parts(items, ("input", "label", "both")) == ()
    (line,) = unmatched_parts(items, ("question", "answr"))
    assert "no registered item has 'answr'; did you mean 'answer'?" in line
    with pytest.raises(ConfigError, match=r"nothing would be looked for; parts: .*did you mean 'question'"):
        unmatched_parts(items, ("questoin",))
    assert unmatched_parts(items.slice(0, 0), ("questoin",)) == ()
