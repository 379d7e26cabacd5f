"""Scores and calibration, against numbers worked out by hand and against the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from sadari.forecasting.backtests.hours import apply_offsets, offsets_of
from sadari.forecasting.models.combination import combine, weigh
from sadari.forecasting.models.conformal import calibrate, errors_of, variation
from sadari.forecasting.quantiles import LEVELS, covered, crps, interval_score, ordered


def test_crps_of_a_point_is_the_absolute_error() -> None:
    assert crps(np.full((1, 9), 3.0), np.array([5.0])) == 2.0


def test_crps_of_a_normal_distribution() -> None:
    """Its closed form at the median is 0.2337 (Gneiting and Raftery 2007); nine levels leave out
    the tails."""
    assert abs(float(crps(norm.ppf(LEVELS)[None], np.array([0.0]))[0]) - 0.2337) < 0.02


def test_interval_score_by_hand() -> None:
    quantiles = np.linspace(1, 9, 9)[None]
    assert interval_score(quantiles, np.array([5.0]))[0] == 8.0
    assert interval_score(quantiles, np.array([10.0]))[0] == 18.0


@given(st.integers(0, 10**6), st.floats(0.2, 4), st.floats(-2, 2))
def test_calibrated_intervals_cover_what_they_say(seed: int, width: float, shift: float) -> None:
    """PREVENT 34: whatever the forecaster got wrong about width and place."""
    draw = np.random.default_rng(seed)
    group = np.tile(np.arange(5), 600)
    actual = draw.normal(group, 1.0)
    wrong = group[:, None] + shift + width * norm.ppf(LEVELS)
    errors = errors_of(wrong[:1500], actual[:1500])
    offsets = calibrate(errors, group[:1500], 5, np.arange(1500) // 15)
    moved = offsets.apply(wrong[1500:], group[1500:])
    assert (np.diff(moved, axis=1) >= 0).all()
    assert 0.74 < covered(moved, actual[1500:]).mean() < 0.86


def test_errors_that_hang_together_count_for_what_they_are_worth() -> None:
    draw = np.random.default_rng(0)
    group, block = np.repeat(np.arange(40), 400), np.tile(np.repeat(np.arange(20), 20), 40)
    alike = variation(draw.normal(size=16_000), group, block)
    assert alike.together < 1.3
    assert alike.pull > 100
    level = np.repeat(draw.normal(size=800), 20)
    assert 18 < variation(level, group, block).together < 22
    # groups that differ as much as their own errors do: each stands by itself
    assert variation(draw.normal(group % 7, 1.0), group, block).pull < 2


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_few_origins_are_no_hundreds_of_errors(share: float) -> None:
    """Four origins of 48 hours whose errors share a level: counted one by one, the intervals would
    cover .73 where the share is .9."""
    inside = []
    for seed in range(12):
        draw = np.random.default_rng(seed)
        scale = np.exp(draw.normal(0, 0.3, (40, 1, 1)))
        level = np.sqrt(share) * draw.normal(size=(40, 5, 1))
        actual = scale * (level + np.sqrt(1 - share) * draw.normal(size=(40, 5, 48)))
        quantiles = np.broadcast_to(0.7 * norm.ppf(LEVELS), (4, 40, 48, 9))
        offsets = offsets_of(quantiles, actual[:, :4].transpose(1, 0, 2))
        inside.append(covered(apply_offsets(offsets, quantiles[0]), actual[:, 4]).mean())
    assert 0.77 < np.mean(inside) < 0.85


def test_an_unknown_group_has_the_offsets_of_all() -> None:
    actual = np.random.default_rng(0).normal(size=500)
    quantiles = np.tile(norm.ppf(LEVELS) * 0.5, (500, 1))
    errors = errors_of(quantiles, actual)
    offsets = calibrate(errors, np.zeros(500, dtype=np.int64), 1, np.arange(500))
    moved = offsets.apply(quantiles[:1], np.array([-1]))
    assert np.allclose(moved, ordered(quantiles[:1] + offsets.everywhere * np.ptp(quantiles[0])))


def test_a_bad_member_weighs_nothing_and_a_missing_one_leaves_its_weight() -> None:
    weights = weigh(np.array([[1.0, 1.0], [1.02, 1.0], [5.0, 5.0]]), np.array([500.0, 500.0]))
    assert np.allclose(weights.sum(axis=0), 1)
    assert (weights[2] == 0).all()
    there, gone = np.ones((2, 3, 9)), np.full((2, 3, 9), np.nan)
    assert np.allclose(combine({"a": there, "b": gone, "c": there}, weights), 1.0)
