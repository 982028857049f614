"""Laws of every signal family, whatever it measures."""

from __future__ import annotations

import pickle
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.signals.base import SignalFamily, signals
from pipelines.text.batch import DocumentBatch

# What a family cannot do without: a file of its own.
GIVEN = {"listed_domains": {"file": Path(__file__).with_name("domains.txt")}}
FAMILIES = [signals[name](**GIVEN.get(name, {})) for name in signals]
HOSTILE = [
    "",
    " \n\t ",
    "\0",
    "👩‍👩‍👧‍👦 👍🏽",
    "e\u0301\u0301\u0301 a\u0308",
    "word " * 200_000,
    "x" * 1_000_000,
    "7" * 1_000_000,
    "." * 1_000_000,
    "\n" * 10_000,
    "東京は日本の首都です。" * 50,
    "مرحبا بالعالم\r\nשלום\u2028עולם",  # noqa: RUF001 - that is Hebrew
]


def rows(family: SignalFamily, texts: list[str]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = family.measure(DocumentBatch.of(texts)).to_pylist()
    return found


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: type(f).__name__)
def test_hostile_text_gives_a_row_each_with_the_declared_columns_and_no_null(family: SignalFamily) -> None:
    measured = family.measure(DocumentBatch.of(HOSTILE))
    assert measured.schema.remove_metadata() == family.columns.remove_metadata()
    assert measured.num_rows == len(HOSTILE)
    assert [column.null_count for column in measured.columns] == [0] * measured.num_columns


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: type(f).__name__)
def test_an_empty_batch_is_a_case(family: SignalFamily) -> None:
    assert family.measure(DocumentBatch(pa.array([], pa.string()))).num_rows == 0


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: type(f).__name__)
def test_a_family_pickles_and_measures_the_same_afterwards(family: SignalFamily) -> None:
    assert rows(pickle.loads(pickle.dumps(family)), HOSTILE[:5]) == rows(family, HOSTILE[:5])


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: type(f).__name__)
@settings(max_examples=20)
@given(texts=st.lists(st.text(max_size=200) | st.sampled_from(HOSTILE[:5]), min_size=1, max_size=6), cut=st.integers(0, 6))
def test_a_value_does_not_depend_on_the_texts_around_it(family: SignalFamily, texts: list[str], cut: int) -> None:
    whole = rows(family, texts)
    assert whole == [row for piece in (texts[:cut], texts[cut:]) if piece for row in rows(family, piece)]
    assert whole[::-1] == rows(family, texts[::-1])
