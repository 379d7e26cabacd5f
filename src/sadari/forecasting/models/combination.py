"""Candidates weighed by how well they did lately, and the choice among them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sadari.forecasting.quantiles import Floats

LEAST = 0.05  # a member that weighs less is dropped
SHARPNESS = 6.0  # the power of the ratio to the best score
PULL = 120.0  # scored targets that the mean over all series counts for
COMBINATION = "combination"


def weigh(scores: Floats, counts: Floats) -> Floats:
    """Weights [members, series] from mean scores [members, series] (lower is better, NaN unknown)
    over so many targets [series]. A series' own scores are drawn to those of all series, each in
    units of the series' best, so that few targets move little."""
    relative = pulled(scores, counts)
    raw = np.where(np.isfinite(relative), relative**-SHARPNESS, 0.0)
    total = raw.sum(axis=0)
    weights = np.where(total > 0, raw / np.maximum(total, 1e-300), 0.0)
    weights = np.where(weights < LEAST, 0.0, weights)
    total = weights.sum(axis=0)
    return np.where(total > 0, weights / np.maximum(total, 1e-300), 0.0)


def pulled(scores: Floats, counts: Floats) -> Floats:
    """Scores relative to the series' best, drawn to the mean over all series."""
    with np.errstate(invalid="ignore", divide="ignore"):
        best = np.nanmin(np.where(np.isfinite(scores), scores, np.inf), axis=0)
        relative = scores / np.where(np.isfinite(best) & (best > 0), best, 1.0)
        known = np.asarray(np.isfinite(relative))
        mean = np.where(known, relative, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    own = np.where(known, counts / (counts + PULL), 0.0)
    every = np.where(known.any(axis=1), mean, np.nan)[:, None]
    found = own * np.where(known, relative, 0) + (1 - own) * every
    return np.where(known, np.maximum(found, 1e-6), np.nan)


def combine(members: Mapping[str, Floats], weights: Floats) -> Floats:
    """The weighted mean of quantiles [series, horizon, levels]; a member without a forecast for a
    series leaves its weight to the others. NaN where no member has one."""
    total, found = None, None
    for row, quantiles in enumerate(members.values()):
        there = np.asarray(np.isfinite(quantiles).all(axis=(1, 2)))
        weight = np.where(there, weights[row], 0.0)[:, None, None]
        part = weight * np.where(there[:, None, None], quantiles, 0.0)
        total = weight if total is None else total + weight
        found = part if found is None else found + part
    assert total is not None
    assert found is not None
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, found / total, np.nan)
