"""Quantiles of a forecast: their levels, how they are kept in order, and how they are scored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEVELS: Floats = np.round(np.arange(1, 10) / 10, 1)
LOW, MIDDLE, HIGH = 0, 4, 8  # the 80 % interval and the median


def ordered(quantiles: Floats) -> Floats:
    """Quantiles in ascending order along the last axis: sorting never worsens a pinball loss
    (Chernozhukov, Fernández-Val, Galichon 2010, Econometrica 78: 1093–1125)."""
    found: Floats = np.sort(quantiles, axis=-1)
    return found


def crps(quantiles: Floats, actual: Floats) -> Floats:
    """The continuous ranked probability score as twice the mean pinball loss over LEVELS, in the
    unit of `actual`. Shapes [..., levels] and [...]; NaN where the actual is."""
    error = actual[..., None] - quantiles
    loss: Floats = np.maximum(LEVELS * error, (LEVELS - 1) * error)
    score: Floats = 2 * loss.mean(axis=-1)
    return score


def covered(quantiles: Floats, actual: Floats) -> Floats:
    """1 where the 80 % interval holds the actual, 0 where not, NaN without an actual."""
    inside = (actual >= quantiles[..., LOW]) & (actual <= quantiles[..., HIGH])
    return np.where(np.isnan(actual), np.nan, inside)


def interval_score(quantiles: Floats, actual: Floats) -> Floats:
    """Width of the 80 % interval, and ten times what an actual lies outside it (Gneiting and
    Raftery 2007, JASA 102: 359–378)."""
    low, high = quantiles[..., LOW], quantiles[..., HIGH]
    outside = np.maximum(low - actual, 0) + np.maximum(actual - high, 0)
    return high - low + 2 / 0.2 * outside
