"""Calibration on top of any forecaster: quantiles are moved by what past errors say.

One-sided split conformal at every level (Romano, Patterson, Candès 2019, Conformalized Quantile
Regression, section on asymmetric intervals), scaled by the width of each forecast's own interval.
Each group (a route) has its own offset, drawn to the offset of all where it has few errors.

Errors of one block (the hours after one origin, the moves of one day) hang together: a level that
was missed is missed for hours. They count for as many as they are worth (Kish 1965, Survey
Sampling: the design effect); counted one by one, a few origins look like hundreds of errors, and
the intervals come out too narrow. How far a group is drawn to all is what the errors themselves
say: their variance within groups over that between (Efron and Morris 1975, JASA 70: 311–319).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sadari.forecasting.quantiles import HIGH, LEVELS, LOW, MIDDLE, Floats, Integers, ordered

LEAST = 20.0  # fewer errors would ask for the widest one that was ever seen
MOST_PULL = 1000.0


@dataclass(frozen=True)
class Offsets:
    """What is added to each quantile, in widths of the forecast's 80 % interval."""

    everywhere: Floats  # [levels]
    groups: Floats  # [groups, levels]

    def apply(self, quantiles: Floats, group: Integers) -> Floats:
        """Calibrated quantiles [rows, levels]; a group of −1 or beyond those seen has the offset
        of all."""
        known = (group >= 0) & (group < len(self.groups))
        own = self.groups[np.where(known, group, 0)] if len(self.groups) else self.everywhere
        moved = quantiles + _width(quantiles) * np.where(known[:, None], own, self.everywhere)
        return ordered(moved)


def none(groups: int) -> Offsets:
    """Offsets that change nothing."""
    return Offsets(np.zeros(len(LEVELS)), np.zeros((groups, len(LEVELS))))


def errors_of(quantiles: Floats, actual: Floats) -> Floats:
    """How far what came [rows] lay from each quantile [rows, levels], in widths of the forecast's
    80 % interval; NaN without an actual or a forecast."""
    found: Floats = (actual[:, None] - quantiles) / _width(quantiles)
    return np.where(np.isfinite(found).all(axis=1, keepdims=True), found, np.nan)


def calibrate(errors: Floats, group: Integers, groups: int, block: Integers) -> Offsets:
    """Offsets from past errors [rows, levels], each of a group and of a block; those that are NaN
    are left out."""
    use = ~np.isnan(errors[:, MIDDLE])
    if use.sum() < 2 * len(LEVELS):
        return none(groups)
    errors, group, block = errors[use], group[use], block[use]
    middle, every = errors[:, MIDDLE], np.zeros_like(group)
    alone = bool((block == block[0]).all())  # then groups are all that tells news from luck
    worth = len(errors) / variation(middle, every, group if alone else block).together
    everywhere = _corrections(errors, worth)
    own = np.tile(everywhere, (groups, 1))
    if alone:
        return Offsets(everywhere, own)
    found = variation(middle, group, block)
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(groups + 1))
    for index in range(groups):
        rows = order[bounds[index] : bounds[index + 1]]
        if len(rows) >= 10:
            worth = len(rows) / found.together
            share = worth / (worth + found.pull)
            mine = _corrections(errors[rows], worth + found.pull)
            own[index] = share * mine + (1 - share) * everywhere
    return Offsets(everywhere, own)


@dataclass(frozen=True)
class Variation:
    """How errors vary: `together` of one block count for one (at least 1), and the mean of all
    groups counts for `pull` errors beside a group's own."""

    together: float
    pull: float


def variation(errors: Floats, group: Integers, block: Integers) -> Variation:
    """Analysis of variance of errors [rows] in blocks within groups, by ranks, since what is
    estimated are quantiles. `together` is the variance of a group's mean when whole blocks are
    drawn over that when single errors are; `pull` the variance within groups over that between."""
    rank = np.argsort(np.argsort(errors, kind="stable"), kind="stable") / len(errors)
    names, group = np.unique(group, return_inverse=True)
    cuts, block = np.unique(block, return_inverse=True)
    count = np.bincount(group)
    mean = np.bincount(group, weights=rank) / count
    rank = rank - mean[group]
    cell, shape = group * len(cuts) + block, (len(names), len(cuts))
    sums = np.bincount(cell, weights=rank, minlength=shape[0] * shape[1]).reshape(shape)
    blocks = (np.bincount(cell, minlength=sums.size).reshape(shape) > 0).sum(axis=1)
    drawn = (sums**2).sum(axis=1) * blocks / np.maximum(blocks - 1, 1)
    single = np.bincount(group, weights=rank**2) * count / np.maximum(count - 1, 1)
    several = blocks > 1
    within = float(np.sum(single[several]))
    if within <= 0:
        return Variation(1.0, MOST_PULL)
    together = max(float(np.sum(drawn[several])) / within, 1.0)
    if several.sum() < 2:
        return Variation(together, MOST_PULL)
    noise = float(np.mean((drawn / count**2)[several]))
    between = max(float(np.var(mean[several], ddof=1)) - noise, 1e-9)
    variance = float(np.mean((single / count)[several]))
    return Variation(together, float(np.clip(variance / between, 1.0, MOST_PULL)))


def _corrections(errors: Floats, worth: float) -> Floats:
    """The quantile of each level's errors, a little outward of the level, as so many errors ask
    for: (n + 1) / n of the way from the other end."""
    worth = max(worth, LEAST)
    outward = np.minimum((worth + 1) / worth * np.maximum(LEVELS, 1 - LEVELS), 1.0)
    wanted = np.where(np.arange(len(LEVELS)) > MIDDLE, outward, 1 - outward)
    wanted[MIDDLE] = 0.5
    place = wanted * (len(errors) - 1)
    low, level = place.astype(np.int64), np.arange(len(LEVELS))
    ranked, part = np.sort(errors, axis=0), place - place.astype(np.int64)
    high = np.minimum(low + 1, len(errors) - 1)
    found: Floats = (1 - part) * ranked[low, level] + part * ranked[high, level]
    return found


def _width(quantiles: Floats) -> Floats:
    width = quantiles[..., HIGH] - quantiles[..., LOW]
    floor = 1e-6 + 1e-3 * np.abs(quantiles[..., MIDDLE])
    return np.maximum(width, floor)[..., None]
