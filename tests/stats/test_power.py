"""Planning: the formulas against simulation of the test itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.stats import (
    StatisticsError,
    mcnemar_midp,
    questions_needed,
    smallest_visible_difference,
)


def test_the_number_needed_reaches_its_power() -> None:
    n = questions_needed(0.1, 0.3)
    assert n is not None
    rng = np.random.default_rng(0)
    draws = rng.multinomial(n, [0.2, 0.1, 0.7], size=2_000)
    won = np.mean([mcnemar_midp(b, c) <= 0.05 for b, c, _ in draws])
    assert won == pytest.approx(0.8, abs=0.03)


def test_no_number_shows_a_difference_of_zero() -> None:
    assert questions_needed(0.0, 0.3) is None


def test_fifty_questions_cannot_see_ten_points() -> None:
    assert smallest_visible_difference(50) == pytest.approx(0.21, abs=0.01)
    assert smallest_visible_difference(50) > smallest_visible_difference(150) > 0.1
    assert smallest_visible_difference(0) == 1.0


@settings(deadline=None)
@given(st.integers(20, 2_000), st.floats(0.05, 0.9), st.floats(1, 4))
def test_the_two_are_inverse(n: int, disagreement: float, effect: float) -> None:
    seen = smallest_visible_difference(n, disagreement, design_effect=effect)
    if seen < 1:
        needed = questions_needed(seen, max(disagreement, seen), design_effect=effect)
        assert needed is not None
        assert n - 1 <= needed <= n


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(StatisticsError):
        questions_needed(0.1, 0.3, alpha=1.5)
