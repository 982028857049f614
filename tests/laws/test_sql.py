"""Laws of the SQL that both engines run: one ANSI text, and nothing in it that the two read differently."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[2] / "pipelines" / "sql").glob("*.sql"))
# Each of these was measured to differ between DuckDB and Spark, or to depend on the order of rows.
FORBIDDEN = {
    "a hash function": r"\b(HASH|XXHASH64|MD5|SHA1|SHA2|SHA256|MURMUR\w*)\s*\(",
    "a case mapping": r"\b(UPPER|LOWER)\s*\(",
    "SUBSTRING": r"\bSUBSTR(ING)?\s*\(",
    "a float aggregate": r"\b(AVG|STDDEV\w*|VAR\w*|MEDIAN|QUANTILE\w*|PERCENTILE\w*)\s*\(",
    "an ordered list": r"\b(LIST|ARRAY_AGG|STRING_AGG|GROUP_CONCAT|COLLECT_LIST|FIRST|LAST|ANY_VALUE)\s*\(",
    "an unsigned type": r"\bU(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)\b",
    "integer division": r"(?<!-)/(?!\*)",
    "a backslash": r"\\",
    "an engine's own cast": r"::",
    "SELECT *": r"SELECT\s+\*",
    "LIMIT": r"\bLIMIT\b",
}


def code_of(path: Path) -> str:
    return "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("--"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_query_says_its_question_its_grain_and_its_columns(path: Path) -> None:
    head = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("--")]
    assert [line.split(":")[0] for line in head] == ["-- question", "-- grain", "-- columns"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_query_uses_nothing_that_engines_read_differently(path: Path) -> None:
    code = code_of(path)
    found = [name for name, pattern in FORBIDDEN.items() if re.search(pattern, code, re.IGNORECASE)]
    assert not found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_sums_and_counts_are_cast_and_orders_say_where_nulls_go(path: Path) -> None:
    code = code_of(path)
    for aggregate in re.finditer(r"\b(SUM|COUNT)\s*\(", code):
        before = code[: aggregate.start()]
        is_filter = before.rstrip().upper().endswith("HAVING")
        assert is_filter or re.search(r"CAST\(\s*(COALESCE\(\s*)?$", before), f"{aggregate[0]} without CAST"
    for order in re.finditer(r"ORDER BY ([^)]*)", code):
        for key in re.split(r",", re.split(r"\bROWS\b", order[1])[0]):
            assert re.search(r"(ASC|DESC) NULLS (FIRST|LAST)\s*$", key.strip()), f"{key.strip()!r}: order or nulls not stated"
