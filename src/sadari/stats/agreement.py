"""How far two judges agree: the scorer and a person, say."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from sadari.stats.interval import Interval, StatisticsError, codes, critical, wilson


@dataclass(frozen=True)
class Agreement:
    """`share` of the n cases on which both judges say the same; `kappa` is what of it is more
    than chance, None where both gave one and the same label throughout."""

    n: int
    share: Interval
    kappa: Interval | None


def agreement(
    first: Sequence[Hashable], second: Sequence[Hashable], level: float = 0.95
) -> Agreement:
    """Raw agreement with Wilson's interval and Cohen's kappa with its large-sample interval
    (Fleiss, Cohen and Everitt 1969, Psychological Bulletin 72: 323–327, as in statsmodels)."""
    if len(first) != len(second):
        raise StatisticsError(f"{len(first)} judgements cannot be held against {len(second)}.")
    n = len(first)
    same = sum(a == b for a, b in zip(first, second, strict=True))
    share = wilson(same, n, level)
    labels = codes([*first, *second])
    size = int(labels.max()) + 1 if n else 0
    if size < 2:
        return Agreement(n, share, None)
    from statsmodels.stats.inter_rater import cohens_kappa

    table = np.zeros((size, size))
    np.add.at(table, (labels[:n], labels[n:]), 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # its test, where a margin is empty
        result = cohens_kappa(table)
    kappa, half = float(result.kappa), critical(level) * float(result.std_kappa)
    return Agreement(n, share, Interval(kappa, max(-1.0, kappa - half), min(1.0, kappa + half)))


def weighed_share(parts: Sequence[tuple[float, Interval]]) -> Interval:
    """The share over a whole from the shares of its parts, each with its weight: what a sample
    that drew more from one part than from another says about all. The interval joins those of
    the parts (Zou, Huang and Zhang 2009, Computational Statistics & Data Analysis 53: 1080–1085).
    Raises `StatisticsError` unless the weights are positive in sum and the levels are one."""
    total = sum(weight for weight, _ in parts)
    if total <= 0 or len({share.level for _, share in parts}) != 1:
        raise StatisticsError("shares are weighed by positive weights, at one level.")
    weights = [weight / total for weight, _ in parts]
    shares = [share for _, share in parts]
    middle = sum(w * s.estimate for w, s in zip(weights, shares, strict=True))
    below = sum((w * (s.estimate - s.low)) ** 2 for w, s in zip(weights, shares, strict=True))
    above = sum((w * (s.high - s.estimate)) ** 2 for w, s in zip(weights, shares, strict=True))
    low, high = max(0.0, middle - sqrt(below)), min(1.0, middle + sqrt(above))
    return Interval(middle, low, high, shares[0].level)
