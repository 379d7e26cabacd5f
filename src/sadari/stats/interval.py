"""An estimate with its interval, and the intervals of a share right."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from sadari.text import SadariError

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


class StatisticsError(SadariError):
    """Numbers that a method cannot work on, with the reason."""


@dataclass(frozen=True)
class Interval:
    """An estimate between `low` and `high`, which enclose the truth with confidence `level`."""

    estimate: float
    low: float
    high: float
    level: float = 0.95

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def critical(level: float) -> float:
    """The two-sided standard normal quantile of a confidence level: 1.96 for 0.95."""
    if not 0 < level < 1:
        raise StatisticsError(f"A confidence level lies between 0 and 1, not at {level}.")
    return float(ndtri(0.5 + level / 2))


def wilson(k: float, n: float, level: float = 0.95) -> Interval:
    """The score interval of a share, k right out of n (Wilson 1927, JASA 22: 209–212).

    Both may be fractional, which is how an effective sample size enters. Nothing seen (n = 0)
    gives the interval from 0 to 1 around one half. Raises `StatisticsError` unless 0 ≤ k ≤ n.
    """
    if not 0 <= k <= n:
        raise StatisticsError(f"{k} right out of {n} is not a share.")
    if n == 0:
        return Interval(0.5, 0.0, 1.0, level)
    z = critical(level)
    share = k / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # The ends are exact at 0 and n right; floating point alone would miss them by 1e-17.
    low = 0.0 if k == 0 else min(share, max(0.0, middle - half))
    high = 1.0 if k == n else max(share, min(1.0, middle + half))
    return Interval(share, low, high, level)


def codes(clusters: Sequence[Hashable]) -> Integers:
    """Cluster names as integers from 0, in order of first appearance. Shape (n,)."""
    seen: dict[Hashable, int] = {}
    return np.fromiter((seen.setdefault(c, len(seen)) for c in clusters), np.intp)


def cluster_sums(
    values: ArrayLike, clusters: Sequence[Hashable] | Integers
) -> tuple[Floats, Floats]:
    """Sum and size of each cluster, each of shape (clusters,). Raises `StatisticsError` where the
    two arguments differ in length or a value is not finite."""
    array = np.asarray(values, dtype=np.float64)
    if len(array) != len(clusters):
        raise StatisticsError(f"{len(array)} values came with {len(clusters)} cluster names.")
    if not np.isfinite(array).all():
        raise StatisticsError("A value is not a finite number; drop and count it first.")
    index = clusters if isinstance(clusters, np.ndarray) else codes(clusters)
    sums = np.asarray(np.bincount(index, weights=array), dtype=np.float64)
    return sums, np.bincount(index).astype(np.float64)


def design_effect(values: ArrayLike, clusters: Sequence[Hashable] | Integers) -> float:
    """How many times the variance of a mean grows because clusters hang together; at least 1.

    The ratio of the cluster-robust variance of the mean to that of independent values
    (Kish 1965, Survey Sampling, chapter 5). 1 where values do not vary, there is one cluster, or
    each value is its own.
    """
    array = np.asarray(values, dtype=np.float64)
    sums, sizes = cluster_sums(array, clusters)
    n, groups = len(array), len(sums)
    independent = float(np.var(array)) / (n - 1) if n > 1 else 0.0
    if groups < 2 or groups == n or independent == 0:
        return 1.0
    residuals = sums - array.mean() * sizes
    clustered = groups / (groups - 1) * float(residuals @ residuals) / n**2
    return max(1.0, clustered / independent)


def share_interval(
    values: ArrayLike, clusters: Sequence[Hashable] | Integers, level: float = 0.95
) -> Interval:
    """The interval of a mean of values between 0 and 1 that come in clusters.

    Wilson's interval at the effective sample size, n over the design effect (Korn and Graubard
    1998, Survey Methodology 24: 193–201); plain Wilson where every cluster has one value. Where
    all values agree their correlation cannot be seen, and the clusters are counted instead.
    """
    array = np.asarray(values, dtype=np.float64)
    if len(array) == 0:
        return wilson(0, 0, level)
    if array.min() < 0 or array.max() > 1:
        raise StatisticsError("A share is made of values between 0 and 1.")
    _, sizes = cluster_sums(array, clusters)
    n = len(array)
    if len(sizes) < n:
        alike = array.min() == array.max()
        n_effective = len(sizes) if alike else n / design_effect(array, clusters)
    else:
        n_effective = n
    return wilson(float(array.mean()) * n_effective, n_effective, level)
