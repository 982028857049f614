"""Masks and marked passages: lengths, characters, overlaps."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from app.masking import masked, masked_column, masked_part
from app.passages import passage

TEXT = st.text(max_size=60)
SPAN = st.tuples(st.integers(-3, 200), st.integers(-3, 200))
NEAR = st.tuples(st.integers(0, 40), st.integers(0, 40))  # within the whole text, so that many lie before a part of it


@settings(max_examples=60, deadline=None)
@given(TEXT, st.lists(SPAN, max_size=4))
def test_no_byte_of_a_span_is_left(text, spans):
    hidden = {i for start, end in spans for i in range(max(0, start), end)}
    expected = bytes(ord("*") if i in hidden else byte for i, byte in enumerate(text.encode()))
    assert masked(text, spans) == expected.decode("utf-8", errors="replace")


def test_a_text_without_spans_is_itself_and_a_missing_text_stays_missing():
    lists = pa.array([None, [], [1]], pa.list_(pa.int64()))
    assert masked_column(pa.array(["a", None, "abc"]), lists, pa.array([None, [], [2]], pa.list_(pa.int64()))).to_pylist() == ["a", None, "a*c"]


@settings(max_examples=60, deadline=None)
@given(TEXT, *[st.integers(-5, 200)] * 2)
def test_the_pieces_of_a_passage_join_to_the_text(text, start, end):
    found = passage(text, start, end, around=1000)
    assert found.before + found.match + found.after == text


def test_a_passage_is_shortened_on_either_side_but_never_the_match():
    found = passage("a" * 50 + "MATCH" + "b" * 50, 50, 55, around=10)
    assert found.match == "MATCH"
    assert found.before == "… " + "a" * 10
    assert found.after == "b" * 10 + " …"


@settings(max_examples=60, deadline=None)
@given(st.text("aé*", max_size=20), st.integers(0, 20), st.integers(0, 20), st.lists(NEAR, max_size=3))
def test_a_part_shows_no_byte_that_the_whole_hides(whole, first, last, spans):
    part = whole[first : first + last]
    shown = masked_part(whole, part, spans)
    assert shown is not None
    at = len(whole[:first].encode())
    hidden = masked(whole, spans).encode()
    if "\N{REPLACEMENT CHARACTER}" not in shown + hidden.decode():
        assert len(shown.encode()) == len(part.encode())
        assert all(a == ord("*") for a, b in zip(shown.encode(), hidden[at : at + len(part.encode())], strict=True) if b == ord("*"))


def test_a_span_wholly_before_a_part_takes_nothing_from_it_and_moves_no_other():
    assert masked("abcdefghij", [(-9, -5), (2, 4)]) == "ab**efghij"
    whole = "Write to ann@example.org today, or to bob@example.org tomorrow."
    spans = [(9, 24), (38, 53)]
    assert masked_part(whole, "or to bob@example.org tomorrow.", spans) == "or to *************** tomorrow."


def test_a_part_that_stands_nowhere_is_not_shown():
    assert masked_part("abc", "x", []) is None
