"""What training seeds add to the doubt: the next seed would have come out a little differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import hypot, sqrt

import numpy as np
from scipy.special import ndtr, ndtri

from sadari.stats.interval import Interval, critical


def p_over_seeds(p: float, differences: Sequence[float]) -> float:
    """The two-sided p-value of a mean difference, with the spread of the seeds added to its error.

    `p` comes from a test over questions and `differences` are the seeds' own; their variance over
    their number is added to the squared standard error that `p` implies. Questions and training
    are separate sources of chance (Bouthillier et al. 2021, Proceedings of MLSys 3). `p` itself
    with a single seed, and never less than `p`.
    """
    mean = float(np.mean(differences)) if len(differences) else 0.0
    if len(differences) < 2 or p >= 1 or mean == 0:
        return p
    error = abs(mean) / -float(ndtri(max(p, 1e-300) / 2))
    whole = hypot(error, sqrt(_variance(differences)))
    return max(p, 2 * float(ndtr(-abs(mean) / whole))) if whole > 0 else p


def interval_over_seeds(interval: Interval, differences: Sequence[float]) -> Interval:
    """The interval of a mean difference over questions, widened in the same way."""
    half = (interval.high - interval.low) / 2
    if len(differences) < 2 or half == 0:
        return interval
    seeds = critical(interval.level) * sqrt(_variance(differences))
    wider = sqrt(1 + (seeds / half) ** 2)
    middle = interval.estimate
    low = middle - wider * (middle - interval.low)
    high = middle + wider * (interval.high - middle)
    return replace(interval, low=max(-1.0, low), high=min(1.0, high))


def _variance(differences: Sequence[float]) -> float:
    """Of the mean over seeds."""
    return float(np.var(differences, ddof=1)) / len(differences)
