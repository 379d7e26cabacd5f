"""Seeds as a source of chance beside the questions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.stats import Interval, interval_over_seeds, p_over_seeds


def test_one_seed_changes_nothing() -> None:
    assert p_over_seeds(0.03, [0.2]) == 0.03
    interval = Interval(0.2, 0.1, 0.3)
    assert interval_over_seeds(interval, [0.2]) == interval


def test_equal_seeds_change_nothing() -> None:
    assert p_over_seeds(0.03, [0.2, 0.2, 0.2]) == pytest.approx(0.03)


def test_unequal_seeds_make_it_less_sure() -> None:
    assert p_over_seeds(0.03, [0.0, 0.2, 0.4]) > 0.05
    wide = interval_over_seeds(Interval(0.2, 0.1, 0.3), [0.0, 0.2, 0.4])
    # Half-widths .1 and 1.96 × .2 / √3 add as squares.
    assert wide.high - 0.2 == pytest.approx((0.1**2 + (1.96 * 0.2) ** 2 / 3) ** 0.5, abs=1e-4)


@settings(deadline=None)
@given(
    st.floats(1e-12, 1),
    st.lists(st.floats(-1, 1), min_size=1, max_size=5),
)
def test_seeds_never_make_it_surer(p: float, differences: list[float]) -> None:
    assert p <= p_over_seeds(p, differences) <= 1
    middle = float(np.mean(differences))
    before = Interval(middle, max(-1, middle - 0.1), min(1, middle + 0.2))
    after = interval_over_seeds(before, differences)
    assert after.low <= before.low
    assert before.high <= after.high
