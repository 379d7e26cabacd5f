"""Agreement of two judges."""

from __future__ import annotations

import numpy as np
import pytest

from sadari.stats import StatisticsError, agreement, weighed_share, wilson


def test_kappa_of_a_textbook_table() -> None:
    # Two readers, 50 proposals: 20 both yes, 15 both no, 5 and 10 split; kappa = .4 by hand.
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    result = agreement(first, second)
    assert result.share.estimate == pytest.approx(0.7)
    assert result.kappa is not None
    assert result.kappa.estimate == pytest.approx(0.4)
    assert result.kappa.low < 0.4 < result.kappa.high


def test_one_label_throughout_has_no_kappa() -> None:
    result = agreement([True] * 30, [True] * 30)
    assert result.kappa is None
    assert result.share.low < 1.0


def test_uneven_lists_are_refused() -> None:
    with pytest.raises(StatisticsError):
        agreement([1], [1, 0])


def test_a_weighed_share_of_one_part_is_that_part() -> None:
    part = wilson(7, 10)
    assert weighed_share([(3.0, part)]) == part


def test_a_weighed_share_covers_the_truth_of_an_uneven_sample() -> None:
    """Strata of 30 and 70 hundredths, 12 and 20 drawn: the interval holds the true share in at
    least 93 of 100 samples, where the plain share of what was drawn is off by its weights."""
    rng = np.random.default_rng(7)
    first, second, held = 0.6, 0.95, 0
    truth = 0.3 * first + 0.7 * second
    for _ in range(2_000):
        one, other = rng.binomial(12, first), rng.binomial(20, second)
        held += truth in weighed_share([(30, wilson(one, 12)), (70, wilson(other, 20))])
    assert 0.93 <= held / 2_000 <= 0.99


def test_weights_of_nothing_are_refused() -> None:
    with pytest.raises(StatisticsError):
        weighed_share([(0.0, wilson(1, 2))])
