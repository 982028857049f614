"""Groups that are too small to be told, and that nobody can reckon them from the others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.shards.small_groups import NOT_TOLD, withheld

SIZES = st.lists(st.integers(0, 12), max_size=8)
LEAST = st.integers(0, 6)


def test_a_single_small_group_takes_the_smallest_of_the_others_with_it():
    assert withheld([9, 3, 7, 8], 5) == [None, "fewer than 5", NOT_TOLD, None]
    assert withheld([9, 1, 1, 8], 5) == [None, "fewer than 5", "fewer than 5", NOT_TOLD]  # two documents in all are as few
    assert withheld([9, 4, 3, 8], 5) == [None, "fewer than 5", "fewer than 5", None]
    assert withheld([9, 3, 7], 5, have_total=False) == [None, "fewer than 5", None]
    assert withheld([], 5) == []
    assert withheld([1, 2], 0) == [None, None]


@given(SIZES, LEAST)
def test_what_is_told_and_the_total_leave_every_small_group_open(sizes, least):
    said = withheld(sizes, least)
    hidden = [size for size, words in zip(sizes, said, strict=True) if words]
    assert all(words for size, words in zip(sizes, said, strict=True) if size < least)
    assert all((words == f"fewer than {least}") == (size < least) for size, words in zip(sizes, said, strict=True) if words)
    if any(size < least for size in sizes):
        assert len(hidden) == len(sizes) or (len(hidden) > 1 and sum(hidden) >= least)
    else:
        assert hidden == []
