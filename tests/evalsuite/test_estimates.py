from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalsuite.estimates import NoScores, mean_stderr, ratio, share, t_975, weighted_mean
from pipelines.contract.errors import AssayError

BITS = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=60)
WEIGHTED = st.lists(st.tuples(st.floats(0, 9), st.floats(0.1, 50)), min_size=2, max_size=40)


@settings(max_examples=60)
@given(BITS)
def test_the_interval_of_a_share_is_scipys_wilson_interval(scores):
    found = share(scores)
    low, high = stats.binomtest(int(sum(scores)), len(scores)).proportion_ci(method="wilson")
    assert math.isclose(found.ci_low, low, abs_tol=1e-12)
    assert math.isclose(found.ci_high, high, abs_tol=1e-12)
    assert 0 <= found.ci_low <= found.value <= found.ci_high <= 1


@settings(max_examples=60)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_a_standard_error_is_scipys(scores):
    assert math.isclose(mean_stderr(scores), stats.sem(scores), rel_tol=1e-9, abs_tol=1e-9)


@settings(max_examples=60)
@given(WEIGHTED, st.randoms(use_true_random=False))
def test_the_order_of_items_changes_no_bit_of_an_estimate(pairs, random):
    mixed = random.sample(pairs, len(pairs))
    columns, other = list(zip(*pairs, strict=True)), list(zip(*mixed, strict=True))
    assert ratio(*columns) == ratio(*other)


@settings(max_examples=60)
@given(st.lists(st.floats(0, 9), min_size=2, max_size=40))
def test_with_equal_weights_a_ratio_is_a_mean_with_its_standard_error(scores):
    found = ratio(scores, [7.0] * len(scores))
    assert math.isclose(found.value, np.mean(scores), rel_tol=1e-9, abs_tol=1e-12)
    assert math.isclose(found.stderr, stats.sem(scores), rel_tol=1e-9, abs_tol=1e-9)


def test_the_standard_error_of_a_ratio_agrees_with_scipys_bootstrap():
    random = np.random.default_rng(1)
    weights = random.uniform(100, 900, 80)
    scores = random.normal(2.0, 0.4, 80)
    found = ratio(scores.tolist(), weights.tolist())

    def ratio_of(s, w, axis):
        return (s * w).sum(axis=axis) / w.sum(axis=axis)

    boot = stats.bootstrap((scores, weights), ratio_of, paired=True, n_resamples=4000, rng=np.random.default_rng(2), method="percentile")
    assert found.stderr == pytest.approx(boot.standard_error, rel=0.06)
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(boot.confidence_interval), abs=0.2 * found.stderr)


def test_the_interval_of_a_ratio_covers_as_often_as_it_says():
    random = np.random.default_rng(4)
    hits = 0
    for _ in range(600):
        weights = random.uniform(1, 9, 12)
        found = ratio((1.5 + random.normal(0, 1, 12)).tolist(), weights.tolist())
        hits += found.ci_low <= 1.5 <= found.ci_high
    assert 0.92 <= hits / 600 <= 0.98


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 7, 12, 40, 5000])
def test_the_quantile_of_students_t_is_scipys(degrees):
    assert t_975(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=0.0015)


def test_no_item_gives_no_number():
    for empty in (lambda: share([]), lambda: ratio([], []), lambda: weighted_mean([], []), lambda: ratio([0.0], [0.0])):
        with pytest.raises(NoScores, match="no number without items"):
            empty()
    assert issubclass(NoScores, AssayError)


def test_one_item_has_a_value_and_no_standard_error():
    assert share([1.0]).stderr is None
    assert (share([1.0]).ci_low, share([1.0]).ci_high) == pytest.approx((0.2065, 1.0), abs=1e-4)
    found = ratio([2.5], [10.0])
    assert (found.value, found.stderr, found.ci_low, found.ci_high, found.num_items) == (2.5, None, None, None, 1)


def test_a_share_is_of_zeros_and_ones_only():
    with pytest.raises(ValueError, match="zeros and ones"):
        share([0.5])
    with pytest.raises(ValueError, match="degree of freedom"):
        t_975(0)
