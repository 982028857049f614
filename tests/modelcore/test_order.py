from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcore.order import Order, permuted, unpermuted


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 3000), seed=st.integers(0, 2**63), epoch=st.integers(0, 10**9))
def test_an_epoch_meets_every_row_once_and_the_way_back_is_the_inverse(size: int, seed: int, epoch: int) -> None:
    rows = permuted(np.arange(size), size, seed, epoch)
    assert sorted(rows.tolist()) == list(range(size))
    assert unpermuted(rows, size, seed, epoch).tolist() == list(range(size))


@settings(max_examples=30, deadline=None)
@given(size=st.integers(2**32, 2**62), index=st.integers(0, 2**32 - 1), seed=st.integers(0, 100))
def test_rows_beyond_32_bits_have_a_place_and_are_found_again(size: int, index: int, seed: int) -> None:
    row = permuted(np.array([index]), size, seed, 0)
    assert 0 <= row[0] < size
    assert unpermuted(row, size, seed, 0).tolist() == [index]


@settings(max_examples=30, deadline=None)
@given(size=st.integers(1, 200), cuts=st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_the_endless_order_does_not_depend_on_how_it_is_asked_for(size: int, cuts: list[int]) -> None:
    order = Order(num_rows=size, seed=3)
    whole = order.rows(np.arange(sum(cuts)))
    pieces = [order.rows(np.arange(sum(cuts[:i]), sum(cuts[: i + 1]))) for i in range(len(cuts))]
    assert np.array_equal(whole, np.concatenate(pieces))


def test_positions_undo_rows_in_every_epoch() -> None:
    order = Order(num_rows=37, seed=5)
    for epoch in range(4):
        positions = np.arange(37) + 37 * epoch
        assert np.array_equal(order.positions(order.rows(positions), epoch), positions)


def test_seeds_and_epochs_give_different_orders() -> None:
    orders = {tuple(permuted(np.arange(50), 50, seed, epoch).tolist()) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25


def test_a_row_is_as_likely_at_one_place_as_at_another() -> None:
    # 4000 keyed orders of 8 rows: each of the 64 (place, row) pairs is expected 500 times; chi-square with 49 degrees of freedom, 99.99% bound 94.
    counts = np.zeros((8, 8))
    for seed in range(4000):
        counts[np.arange(8), permuted(np.arange(8), 8, seed, 0)] += 1
    assert ((counts - 500) ** 2 / 500).sum() < 94


def test_the_order_of_this_version_is_frozen() -> None:
    assert permuted(np.arange(10), 10, 1, 0).tolist() == FROZEN


FROZEN = [6, 5, 4, 0, 1, 3, 9, 7, 2, 8]
