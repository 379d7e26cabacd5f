"""Candidates weighed by how well they did lately, and the choice among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sadari.forecasting.quantiles import Floats

LEAST = 0.05  # a member that weighs less is dropped
SHARPNESS = 6.0  # the power of the ratio to the best score
PULL = 120.0  # scored targets that the mean over all series counts for
COMBINATION = "combination"
# A lead below this is taken for luck: what is chosen by past scores rarely beats the mean of all
# (Smith and Wallis 2009, Oxford Bulletin of Economics and Statistics 71: 331–355).
CLEARLY = 0.03


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


def choose(
    scores: Floats, counts: Floats, candidates: Sequence[str], unknown: str = COMBINATION
) -> tuple[str, ...]:
    """For each series the candidate with the best score so far, drawn to the mean over all; the
    combination, which is last, unless another is clearly better; `unknown` without a score."""
    found = _favoured(scores, counts)
    best = np.where(np.isfinite(found).any(axis=0), found.argmin(axis=0), -1)
    return tuple(unknown if b < 0 else candidates[b] for b in best)


def best_of_all(scores: Floats, counts: Floats, candidates: Sequence[str]) -> str:
    """The candidate that is best over all series that have a score; the combination, which is
    last, unless another is clearly better."""
    found = _favoured(scores, counts)
    scored = found[:, np.isfinite(found).any(axis=0)]
    return candidates[int(scored.mean(axis=1).argmin())] if scored.size else candidates[-1]


def _favoured(scores: Floats, counts: Floats) -> Floats:
    """What `pulled` gives, infinite where unknown, with the lead that the combination has."""
    found = pulled(scores, counts)
    found = np.where(np.isfinite(found), found, np.inf)
    found[-1] *= 1 - CLEARLY
    return found


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
