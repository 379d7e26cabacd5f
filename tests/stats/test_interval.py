"""Shares and their intervals: golden numbers, statsmodels, and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from sadari.stats import StatisticsError, design_effect, share_interval, wilson

# Newcombe (1998), Statistics in Medicine 17: 857–872, table I, method 3.
NEWCOMBE_TABLE_I = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("k", "n", "low", "high"), NEWCOMBE_TABLE_I)
def test_wilson_gives_the_published_limits(k: int, n: int, low: float, high: float) -> None:
    interval = wilson(k, n)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@settings(deadline=None)
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_statsmodels_and_holds_its_estimate(case: tuple[int, int]) -> None:
    k, n = case
    interval = wilson(k, n, 0.9)
    assert (interval.low, interval.high) == pytest.approx(
        proportion_confint(k, n, alpha=0.1, method="wilson"), abs=1e-12
    )
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1


def test_nothing_seen_is_not_a_score() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(StatisticsError, match="5 right out of 3"):
        wilson(5, 3)


def test_clusters_that_repeat_themselves_count_once() -> None:
    once = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0] * 5)
    copies = np.repeat(once, 4)
    groups = np.repeat(np.arange(len(once)), 4)
    assert design_effect(copies, groups) == pytest.approx(4.0, rel=0.05)
    clustered, single = share_interval(copies, groups), share_interval(once, range(len(once)))
    assert clustered.low == pytest.approx(single.low, abs=0.01)
    assert clustered.high == pytest.approx(single.high, abs=0.01)


def test_all_right_is_judged_by_the_number_of_groups() -> None:
    assert share_interval(np.ones(40), np.repeat(np.arange(10), 4)) == wilson(10, 10)


def test_values_without_their_groups_are_refused() -> None:
    with pytest.raises(StatisticsError, match="3 values came with 2"):
        design_effect([1, 0, 1], ["a", "b"])
    with pytest.raises(StatisticsError, match="finite"):
        design_effect([1, float("nan")], ["a", "b"])
