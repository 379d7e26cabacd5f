"""Agreement of two judges."""

from __future__ import annotations

import pytest

from sadari.stats import StatisticsError, agreement


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
