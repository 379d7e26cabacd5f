"""A confidence sequence: intervals that stay valid however often one looks."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import ArrayLike

from sadari.stats.interval import Floats, Interval, StatisticsError

BLOCK = 256


@dataclass(frozen=True)
class ConfidenceSequence:
    """`low[t]` and `high[t]` bound the mean after t + 1 values, all of them at once with
    confidence `level`: stopping at the first that pleases is allowed."""

    low: Floats
    high: Floats
    level: float
    mean: float

    @property
    def last(self) -> Interval:
        """The interval after the last value."""
        return Interval(self.mean, float(self.low[-1]), float(self.high[-1]), self.level)


def confidence_sequence(
    values: ArrayLike,
    *,
    low: float = -1.0,
    high: float = 1.0,
    level: float = 0.95,
    grid: int = 1_000,
) -> ConfidenceSequence:
    """Anytime-valid bounds for the mean of values between `low` and `high`, in order of arrival.

    The hedged capital process of Waudby-Smith and Ramdas (2024), JRSS B 86: 1–27, theorem 3: for
    each candidate mean a gambler bets on the next value with predictable stakes; a mean at which
    his capital has ever reached 1 / (1 − level) is out for good. Valid for any distribution with
    a constant conditional mean. Candidates lie on a grid, and the bounds are widened by its step.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) == 0:
        raise StatisticsError("A confidence sequence needs one row of at least one value.")
    if not np.isfinite(array).all() or array.min() < low or array.max() > high:
        raise StatisticsError(f"Every value must lie between {low} and {high}.")
    x = (array - low) / (high - low)
    alpha = 1 - level
    stakes = _stakes(x, alpha)
    candidates = np.linspace(0, 1, grid + 1)
    # Stakes are cut so that no single loss takes more than half the capital.
    with np.errstate(divide="ignore"):
        cap_up, cap_down = 0.5 / candidates, 0.5 / (1 - candidates)
    limit = log(2 / alpha)
    up, down = np.zeros(grid + 1), np.zeros(grid + 1)
    alive = np.ones(grid + 1, dtype=bool)
    lows, highs = np.empty(len(x)), np.empty(len(x))
    for start in range(0, len(x), BLOCK):
        part = slice(start, start + BLOCK)
        away = x[part, None] - candidates
        stake = stakes[part, None]
        ups = up + np.cumsum(np.log1p(np.minimum(stake, cap_up) * away), axis=0)
        downs = down + np.cumsum(np.log1p(-np.minimum(stake, cap_down) * away), axis=0)
        survivors = alive & np.logical_and.accumulate(np.maximum(ups, downs) < limit, axis=0)
        any_left = survivors.any(axis=1)
        first = np.where(any_left, survivors.argmax(axis=1), 0)
        last = np.where(any_left, grid - survivors[:, ::-1].argmax(axis=1), grid)
        # No survivor at all means that the mean moved; the bounds then stay where they were.
        lows[part] = np.where(any_left, np.maximum(first - 1, 0) / grid, np.nan)
        highs[part] = np.where(any_left, np.minimum(last + 1, grid) / grid, np.nan)
        up, down, alive = ups[-1], downs[-1], survivors[-1]
    keep = np.maximum.accumulate(np.where(np.isnan(lows), -1, np.arange(len(x))))
    lows, highs = lows[np.maximum(keep, 0)], highs[np.maximum(keep, 0)]
    width = high - low
    return ConfidenceSequence(low + width * lows, low + width * highs, level, float(array.mean()))


def _stakes(x: Floats, alpha: float) -> Floats:
    """How much to bet on each value, from the values before it alone (their equation 26)."""
    t = np.arange(1, len(x) + 1)
    means = (0.5 + np.cumsum(x)) / (t + 1)
    spread = (0.25 + np.cumsum((x - means) ** 2)) / (t + 1)
    before = np.concatenate(([0.25], spread[:-1]))
    return np.asarray(np.sqrt(2 * log(2 / alpha) / (before * t * np.log(t + 1))))
