"""Laws of every registered cleaner."""

from __future__ import annotations

import pickle
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.cleaners.base import cleaners, touched
from pipelines.text.edits import apply

MARKS = st.sampled_from(
    [
        "&amp;",
        "&lt;",
        "&#8217;",
        "\u00e2\u20ac\u2122",
        "\r\n",
        "\x00",
        "\x1b[1m",
        "\ufb01",
        "e\u0301",
        "\u0085",
        "<",
        "\n",
        "word ",
        "[1]",
        "[edit] ",
        ". ",
    ]
)
TEXTS = st.lists(MARKS | st.text(max_size=4), max_size=12).map("".join)

pytestmark = pytest.mark.parametrize("cleaner", [cleaners[name]() for name in cleaners], ids=list(cleaners))


@given(text=TEXTS)
@settings(deadline=None, max_examples=150)
def test_changes_are_sorted_do_not_overlap_and_change_something(cleaner, text):
    changes = cleaner.changes(text)
    assert all(a.end <= b.start for a, b in pairwise(changes))
    assert all(0 <= c.start <= c.end <= len(text) for c in changes)
    assert (apply(text, changes) != text) == bool(changes)


@given(text=TEXTS)
@settings(deadline=None, max_examples=150)
def test_cleaning_a_cleaned_text_changes_nothing_or_makes_it_shorter_where_the_cleaner_says_so(cleaner, text):
    cleaned = apply(text, cleaner.changes(text))
    again = apply(cleaned, cleaner.changes(cleaned))
    assert again == cleaned or (not cleaner.is_idempotent and len(again) < len(cleaned))


@given(texts=st.lists(TEXTS, max_size=4), cut=st.integers(0, 2))
@settings(deadline=None, max_examples=150)
def test_a_text_that_the_cleaner_says_it_does_not_touch_has_no_changes(cleaner, texts, cut):
    found = touched(cleaner, pa.array(texts, pa.string()).slice(cut)).to_pylist()
    assert len(found) == len(texts[cut:])
    assert not any(cleaner.changes(text) for text, is_touched in zip(texts[cut:], found, strict=True) if not is_touched)


@pytest.mark.parametrize("text", ["", " ", "\n", "\x00", "a" * 10_000, "\U0010ffff", "&" * 1000])
def test_no_text_is_too_odd(cleaner, text):
    apply(text, cleaner.changes(text)).encode()


def test_a_cleaner_travels_to_a_worker(cleaner):
    assert pickle.loads(pickle.dumps(cleaner)) == cleaner
