"""Two ways of answering on the same questions: the difference, its interval and its test."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import log, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, ndtr, ndtri, stdtrit

from sadari.stats.interval import (
    Floats,
    Integers,
    Interval,
    StatisticsError,
    cluster_sums,
    design_effect,
    wilson,
)

__all__ = [
    "bca_paired",
    "design_effect",
    "holm",
    "mcnemar_midp",
    "newcombe_paired",
    "sign_flip",
]

LARGEST_DENOMINATOR = 60
GRADED_STEPS = 50


def newcombe_paired(
    both: float, first_only: float, second_only: float, neither: float, level: float = 0.95
) -> Interval:
    """The interval of share(first) − share(second) for paired right/wrong answers.

    Method 10 of Newcombe (1998), Statistics in Medicine 17: 2635–2650: the two Wilson intervals
    combined, with their correlation corrected for continuity. Counts may be fractional.
    """
    a, b, c, d = both, first_only, second_only, neither
    n = a + b + c + d
    if min(a, b, c, d) < 0:
        raise StatisticsError("The counts of a paired table cannot be negative.")
    if n == 0:
        return Interval(0.0, -1.0, 1.0, level)
    first, second = wilson(a + b, n, level), wilson(a + c, n, level)
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    determinant = a * d - b * c
    if determinant > 0:
        determinant = max(determinant - n / 2, 0.0)
    phi = determinant / sqrt(margins) if margins > 0 else 0.0
    below, above = first.estimate - first.low, second.high - second.estimate
    rise, fall = first.high - first.estimate, second.estimate - second.low
    difference = (b - c) / n
    down = sqrt(max(0.0, below**2 - 2 * phi * below * above + above**2))
    up = sqrt(max(0.0, rise**2 - 2 * phi * rise * fall + fall**2))
    return Interval(difference, max(-1.0, difference - down), min(1.0, difference + up), level)


def mcnemar_midp(first_only: int, second_only: int) -> float:
    """Two-sided mid-p value of McNemar's test: the chance that two equally good ways of answering
    split their disagreements at least this unevenly, the observed split counted half.

    Fagerland, Lydersen and Laake (2013), BMC Medical Research Methodology 13: 91. It is
    `sign_flip` with one question per cluster. 1.0 without disagreements.
    """
    return _two_sided([1] * (first_only + second_only), first_only - second_only)


def sign_flip(differences: ArrayLike, clusters: Sequence[Hashable] | Integers) -> float:
    """Two-sided mid-p value of the cluster randomisation test on paired differences.

    If neither way of answering is better, each cluster's difference could as well have had the
    other sign (Fisher 1935, The Design of Experiments, §21; by clusters: Gail et al. 1996,
    Statistics in Medicine 15: 1069–1092). The null distribution is computed in full, by adding
    one cluster after the other (Pagano and Tritchler 1983, JASA 78: 435–440), so there is no
    seed. Differences that are no fractions with a small denominator are first rounded to 1/50
    of the largest cluster's, which leaves the test valid. 1.0 where nothing differs.
    """
    sums, _ = cluster_sums(differences, clusters)
    steps = _on_lattice(sums)
    return _two_sided([int(s) for s in np.abs(steps[steps != 0])], int(steps.sum()))


def _on_lattice(sums: Floats) -> Integers:
    """The sums as whole multiples of a common step."""
    for denominator in range(1, LARGEST_DENOMINATOR + 1):
        scaled = sums * denominator
        whole: Integers = np.rint(scaled).astype(np.intp)
        if np.abs(scaled - whole).max(initial=0.0) < 1e-7:
            return whole
    rounded: Integers = np.rint(sums / np.abs(sums).max() * GRADED_STEPS).astype(np.intp)
    return rounded


def _two_sided(steps: Sequence[int], observed: int) -> float:
    """Mid-p of |±s₁ ±s₂ …| ≥ |observed| under fair signs; `steps` are positive."""
    total = sum(steps)
    if total == 0 or observed == 0:
        return 1.0
    # Sum = 2 × (what came out positive) − total, so the positive part alone is enough.
    chances = np.ones(1)
    for step, times in zip(*np.unique(steps, return_counts=True), strict=True):
        positive = np.arange(times + 1)
        ways = gammaln(times + 1) - gammaln(positive + 1) - gammaln(times - positive + 1)
        part = np.zeros(step * times + 1)
        part[::step] = np.exp(ways - times * log(2))
        chances = np.convolve(chances, part)
    edge = (total + abs(observed)) // 2
    tail = float(chances[edge + 1 :].sum() + chances[edge] / 2)
    return min(1.0, 2 * tail)


def bca_paired(
    differences: ArrayLike,
    clusters: Sequence[Hashable] | Integers,
    seed: int = 0,
    level: float = 0.95,
    resamples: int = 4_000,
) -> Interval:
    """The bias-corrected and accelerated bootstrap interval of a mean paired difference, with
    whole clusters drawn (Efron 1987, JASA 82: 171–185; clusters: Davison and Hinkley 1997, §3.8).

    The same seed gives the same interval. Where every resample gives the same mean (one cluster,
    or nothing differs) the bootstrap knows nothing, and [−1, 1] around the estimate is returned.
    """
    sums, sizes = cluster_sums(differences, clusters)
    groups = len(sums)
    if groups == 0:
        return Interval(0.0, -1.0, 1.0, level)
    estimate = float(sums.sum() / sizes.sum())
    draws = np.random.default_rng(seed).multinomial(
        groups, np.full(groups, 1 / groups), size=resamples
    )
    means = (draws @ sums) / (draws @ sizes)
    if np.ptp(means) < 1e-12:
        return Interval(estimate, -1.0, 1.0, level)
    # Ties count half: differences of a few questions put many resamples exactly on the estimate.
    below = np.mean(means < estimate - 1e-12) + np.mean(np.abs(means - estimate) <= 1e-12) / 2
    bias = ndtri(np.clip(below, 1 / resamples, 1 - 1 / resamples))
    without = (sums.sum() - sums) / (sizes.sum() - sizes)
    pull = without.mean() - without
    acceleration = (pull**3).sum() / (6 * max((pull**2).sum(), 1e-300) ** 1.5)
    # Few clusters vary less among resamples than among themselves; Student's quantile, expanded
    # by √(g / (g − 1)), makes up for it (Hesterberg 2015, The American Statistician 69: 371–386).
    wide = float(stdtrit(groups - 1, 0.5 + level / 2)) * sqrt(groups / (groups - 1))
    z = bias + np.array([-wide, wide])
    low, high = np.quantile(means, ndtr(bias + z / (1 - acceleration * z)))
    return Interval(estimate, min(float(low), estimate), max(float(high), estimate), level)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values adjusted for their number, in the order given (Holm 1979, Scandinavian Journal
    of Statistics 6: 65–70): each may be held against the error rate of the whole family."""
    adjusted = [1.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return tuple(adjusted)
