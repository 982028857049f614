"""Changes, byte edits and spans carried across them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.errors import PartError
from pipelines.text.edits import ByteEdit, Change, apply, apply_bytes, carry, compose, difference, to_bytes

TEXT = st.text(alphabet="ab\u00e9\u4e2d\U0001f600\n", max_size=12)


@st.composite
def changes_of(draw, text):
    """Any valid list of changes of a text, insertions and touching neighbours included."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    if len(cuts) % 2:
        cuts.pop()
    return [Change(start, end, draw(TEXT)) for start, end in zip(cuts[::2], cuts[1::2], strict=True)]


@st.composite
def changed_twice(draw):
    text = draw(TEXT)
    first = draw(changes_of(text))
    return text, first, draw(changes_of(apply(text, first)))


def by_hand(text, changes):
    """The reference: from the back, one slice at a time."""
    for change in reversed(changes):
        text = text[: change.start] + change.new + text[change.end :]
    return text


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_changes_are_applied_as_slices_from_the_back_would(data):
    text = data.draw(TEXT)
    changes = data.draw(changes_of(text))
    assert apply(text, changes) == by_hand(text, changes)


@given(changed_twice())
@settings(deadline=None, max_examples=400)
def test_two_lists_put_together_do_what_they_do_one_after_the_other(case):
    text, first, second = case
    assert by_hand(text, compose(first, second)) == by_hand(by_hand(text, first), second)


@given(changed_twice())
@settings(deadline=None, max_examples=150)
def test_lists_put_together_are_sorted_inside_the_text_and_no_two_changes_touch(case):
    text, first, second = case
    made = compose(first, second)
    assert all(0 <= change.start <= change.end <= len(text) for change in made)
    assert all(one.end < other.start for one, other in pairwise(made))


def test_nothing_put_together_with_changes_is_the_changes():
    changes = [Change(1, 2, "x"), Change(4, 4, "yz")]
    assert compose([], changes) == changes == compose(changes, [])


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_byte_edits_make_the_utf8_of_the_changed_text_and_their_lengths_add_up(data):
    text = data.draw(TEXT)
    changes = data.draw(changes_of(text))
    edits = to_bytes(text, changes)
    after = apply_bytes(text.encode(), edits)
    assert after == by_hand(text, changes).encode()
    assert len(after) == len(text.encode()) + sum(len(new) - (end - start) for start, end, new in edits)


@given(TEXT, TEXT)
@settings(deadline=None, max_examples=150)
def test_a_difference_makes_the_new_text_and_shares_nothing_at_its_ends(old, new):
    change = difference(old, new)
    if change is None:
        assert old == new
        return
    assert by_hand(old, [change]) == new
    gone, came = old[change.start : change.end], change.new
    assert not (gone and came and (gone[0] == came[0] or gone[-1] == came[-1]))


def test_a_difference_of_two_long_lines_needs_no_loop_over_characters():
    old = "a" * 2_000_000
    assert difference(old, old[:1_000_000] + "b" + old[1_000_001:], start=5) == Change(1_000_005, 1_000_006, "b")


@st.composite
def byte_edits(draw):
    numbers = sorted(draw(st.lists(st.integers(0, 30), max_size=8)))
    if len(numbers) % 2:
        numbers.pop()
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return [ByteEdit(start, end, draw(st.integers(0, 5))) for start, end in pairs]


@given(byte_edits(), st.integers(0, 30), st.integers(1, 6))
@settings(deadline=None, max_examples=300)
def test_an_untouched_span_keeps_its_length_and_comes_back(edits, start, length):
    span = (start, start + length)
    touched = [e for e in edits if (e.start < span[1] and span[0] < e.end) or span[0] < e.start < span[1]]
    after = carry(span, edits, "after")
    if touched:
        return
    assert after[1] - after[0] == length
    assert carry(after, edits, "before") == span


@given(byte_edits(), st.integers(0, 30), st.integers(1, 6))
@settings(deadline=None, max_examples=300)
def test_a_touched_span_grows_but_never_shrinks_on_a_round_trip(edits, start, length):
    low, high = carry(carry((start, start + length), edits, "after"), edits, "before")
    kept = [p for p in range(start, start + length) if not any(e.start <= p < e.end for e in edits)]
    assert not kept or (low <= kept[0] and kept[-1] < high)


def test_spans_before_inside_and_after_an_edit_are_carried():
    edits = [ByteEdit(10, 20, 4)]
    assert carry((0, 10), edits, "after") == (0, 10)
    assert carry((20, 25), edits, "after") == (14, 19)
    assert carry((12, 15), edits, "after") == (10, 14)
    assert carry((5, 30), edits, "after") == (5, 24)
    assert carry((11, 12), edits, "before") == (10, 20)


def test_what_is_put_in_at_the_end_of_a_span_stays_outside_it():
    assert carry((0, 5), [ByteEdit(5, 5, 3)], "after") == (0, 5)
    assert carry((5, 8), [ByteEdit(5, 5, 3)], "after") == (8, 11)


@pytest.mark.parametrize("changes", [[Change(3, 2, "")], [Change(0, 9, "")], [Change(2, 3, ""), Change(1, 2, "")], [Change(-1, 2, "")]])
def test_changes_that_do_not_fit_are_an_error_of_the_part(changes):
    with pytest.raises(PartError, match="does not fit"):
        apply("abcd", changes)
    with pytest.raises(PartError, match="does not fit"):
        to_bytes("abcd", changes)


def test_an_empty_text_without_changes_stays_empty():
    assert apply("", []) == ""
    assert to_bytes("", []) == []
    assert carry((0, 0), [], "after") == (0, 0)
