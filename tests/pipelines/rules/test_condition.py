"""Conditions of rules: the grammar, what it refuses, and null."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipelines.contract.errors import ConfigError
from pipelines.rules.condition import Condition, check, parse

ROWS = pa.RecordBatch.from_pydict({
    "language": pa.array(["de", "en", None, "it's"], pa.string()),
    "n": pa.array([1, 2, 3, None], pa.int64()),
    "kind": ["page", "mail", "page", "mail"],
})  # fmt: skip


def held(text: str) -> list[bool | None]:
    found: list[bool | None] = parse(text).holds(ROWS.column).to_pylist()
    return found


def test_comparisons_join_as_in_sql_and_null_is_neither_true_nor_false() -> None:
    assert held("language = 'de'") == [True, False, None, False]
    assert held("not language = 'de'") == [False, True, None, True]
    assert held("language = 'it''s' or n >= 2") == [False, True, True, True]
    assert held("language = 'de' or language = 'en' and n > 2") == [True, False, None, False]
    assert held("(language = 'de' or language = 'en') and n > 1.5e0") == [False, True, None, False]
    assert held("NOT (kind = 'page' OR n < -1)") == [False, True, False, None]
    assert held("language = 'and'") == [False, False, None, False]


@pytest.mark.parametrize(
    "text", ["language = 'it''s'", "not (n >= 1.5 or kind = 'a') and language != 'de'", "not n < -1 or (n = 2 and kind = 'a' or n = 3) and n != 4"]
)
def test_a_condition_is_written_as_it_is_read(text: str) -> None:
    assert parse(str(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the end came; expected the name of a column"),
        ("language", "the end came; expected one of = !="),
        ("language = ", "the end came; expected a number or a text in single quotes"),
        ("language = de", "'de' came; expected a number or a text"),
        ('language = "de"', "'\"' came"),
        ("language = 'de", '"\'" came'),
        ("language == 'de'", "'=' came; expected a number or a text"),
        ("language = 'de' 'en'", "expected 'and', 'or' or the end"),
        ("(n = 1", "expected '\\)'"),
        ("and = 1", "'and' came; expected the name of a column"),
        ("'de' = language", "expected the name of a column"),
        ("n ( 1", "expected one of = !="),
        ("n = 1; drop", "';' came"),
        ("(" * 10_000 + "n = 1", "within each other"),
        ("not " * 10_000 + "n = 1", "within each other"),
    ],
)
def test_what_the_grammar_does_not_know_is_an_error_that_says_where(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text)


def checked(condition: Condition) -> None:
    check(condition, {"language": pa.string(), "num_words": pa.int64()}, "judge.presets: p.num_words_min: where")


def test_a_column_that_is_not_there_gets_the_near_one_and_a_wrong_literal_says_what_was_expected() -> None:
    checked(parse("language = 'de' and num_words > 3"))
    with pytest.raises(ConfigError, match=r"p.num_words_min: where: no column 'langauge'; did you mean 'language'\?"):
        checked(parse("num_words = 1 or not langauge = 'de'"))
    with pytest.raises(ConfigError, match="'num_words' is compared with 'many'; expected a number"):
        checked(parse("num_words = 'many'"))
    with pytest.raises(ConfigError, match=r"'language' is compared with 3.0; expected a text in single quotes"):
        checked(parse("language = 3"))
