"""How many questions a verdict needs, and what a number of questions cannot show."""

from __future__ import annotations

from math import ceil, sqrt

from scipy.special import ndtri

from sadari.stats.interval import StatisticsError


def questions_needed(
    difference: float,
    disagreement: float,
    *,
    design_effect: float = 1.0,
    alpha: float = 0.05,
    power: float = 0.8,
) -> int | None:
    """Questions in all for a paired two-sided test at `alpha` to find `difference` with `power`.

    `disagreement` is the mean squared difference per question: for right/wrong answers, the
    share on which exactly one of the two is right. Connor (1987), Biometrics 43: 207–211, times
    the design effect of clusters. None where the difference is zero: no number would show it.
    """
    if not 0 < alpha < 1 or not 0 < power < 1 or design_effect < 1:
        raise StatisticsError("alpha and power lie between 0 and 1, a design effect is 1 or more.")
    if difference == 0:
        return None
    # A difference needs at least as many disagreements as it is large.
    share = max(disagreement, difference**2)
    z_test, z_power = float(ndtri(1 - alpha / 2)), float(ndtri(power))
    root = z_test * sqrt(share) + z_power * sqrt(share - difference**2)
    return ceil(design_effect * (root / difference) ** 2)


def smallest_visible_difference(
    n: int,
    disagreement: float = 0.3,
    *,
    design_effect: float = 1.0,
    alpha: float = 0.05,
    power: float = 0.8,
) -> float:
    """The smallest difference that `n` questions show with `power`; smaller ones are mostly
    missed. The inverse of `questions_needed`; 1.0 where not even the largest would be seen."""
    if n <= 0:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        needed = questions_needed(
            middle,
            max(disagreement, middle),
            design_effect=design_effect,
            alpha=alpha,
            power=power,
        )
        low, high = (middle, high) if needed is None or needed > n else (low, middle)
    return high
