"""The confidence sequence: peeking allowed, and it does find what is there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from sadari.stats import StatisticsError, confidence_sequence


def test_a_winner_is_not_declared_by_peeking() -> None:
    """Looked at after every answer, equal arms are told apart in ≤ 5 % of runs; the
    fixed z-test, looked at just as often, is fooled in a multiple of that."""
    rng = np.random.default_rng(11)
    runs, answers = 400, 600
    values = rng.choice([-1.0, 0.0, 0.0, 1.0], size=(runs, answers))
    fooled = 0
    for row in values:
        sequence = confidence_sequence(row)
        fooled += bool((sequence.low > 0).any() or (sequence.high < 0).any())
    # Two standard errors of a share of .05 in 400 runs are .022.
    assert fooled / runs <= 0.05 + 0.022

    t = np.arange(1, answers + 1)
    mean = values.cumsum(axis=1) / t
    error = np.sqrt(np.maximum((values**2).cumsum(axis=1) / t - mean**2, 1e-9) / t)
    naive = (np.abs(mean) > ndtri(0.975) * error)[:, 19:].any(axis=1).mean()
    assert naive > 0.25


def test_a_real_difference_is_found() -> None:
    rng = np.random.default_rng(2)
    sequence = confidence_sequence(rng.choice([-1.0, 0.0, 1.0, 1.0], size=600))
    assert sequence.last.low > 0
    assert sequence.last.low < 0.25 < sequence.last.high


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=400))
def test_bounds_only_ever_tighten(values: list[float]) -> None:
    sequence = confidence_sequence(values)
    assert (np.diff(sequence.low) >= 0).all()
    assert (np.diff(sequence.high) <= 0).all()
    assert (sequence.low <= sequence.high).all()
    assert sequence.low.min() >= -1
    assert sequence.high.max() <= 1


def test_other_bounds_are_a_change_of_units() -> None:
    values = np.random.default_rng(1).uniform(size=300)
    small = confidence_sequence(values, low=0, high=1).last
    large = confidence_sequence(10 * values, low=0, high=10).last
    assert (large.low, large.high) == pytest.approx((10 * small.low, 10 * small.high))


def test_values_outside_the_bounds_are_refused() -> None:
    with pytest.raises(StatisticsError, match="between 0"):
        confidence_sequence([0.5, 1.5], low=0, high=1)
