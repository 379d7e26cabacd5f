"""One gradient-boosted model for the hours of all routes."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sadari.forecasting.models.booster import QuantileBooster
from sadari.forecasting.models.panel import WEEK, Panel, filled
from sadari.forecasting.quantiles import LEVELS, Floats, Integers

ROWS = 40_000


class Boosted:
    """LightGBM on each series' own past hours, in units of its own recent spread, for any step
    ahead at once; one model for all series."""

    name: ClassVar[str] = "boosted"

    def __init__(self, horizon: int = 24, *, seed: int = 0) -> None:
        self._horizon, self._seed = horizon, seed
        self._booster: QuantileBooster | None = None

    def fit(self, panel: Panel) -> None:
        """Trains on origins and steps drawn from the last eight weeks."""
        draw = np.random.default_rng(self._seed)
        values = filled(panel)
        usable = np.flatnonzero(np.isfinite(values).all(axis=1))
        last = panel.hours - self._horizon
        first = max(2 * 24, last - 8 * WEEK)
        if last - first < 24 or not len(usable):
            return
        origins = np.arange(last, first, -1)
        per_origin = max(1, min(ROWS // len(origins), len(usable) * self._horizon))
        features, targets = [], []
        for origin in origins[::-1]:
            series = draw.choice(usable, per_origin)
            step = draw.integers(0, self._horizon, per_origin)
            made, level, scale = _features(panel, values, origin, series, step)
            targets.append((panel.values[series, origin + step] - level) / scale)
            features.append(made)
        rows, target = np.concatenate(features), np.concatenate(targets)
        known = ~np.isnan(target)
        if known.sum() < 200:
            return
        self._booster = QuantileBooster()
        self._booster.fit(rows[known], np.clip(target[known], -50, 50))

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Quantiles [series, horizon, levels]; NaN where nothing could be learnt."""
        found = np.full((len(panel.names), horizon, len(LEVELS)), np.nan)
        values = filled(panel)
        usable = np.flatnonzero(np.isfinite(values).all(axis=1))
        if self._booster is None or panel.hours < 48 or not len(usable):
            return found
        series = np.repeat(usable, horizon)
        step = np.tile(np.arange(horizon), len(usable))
        made, level, scale = _features(panel, values, panel.hours, series, step)
        quantiles = self._booster.predict(made) * scale[:, None] + level[:, None]
        found[usable] = quantiles.reshape(len(usable), horizon, -1)
        return found


def _features(
    panel: Panel, values: Floats, origin: int, series: Integers, step: Integers
) -> tuple[Floats, Floats, Floats]:
    """Features [rows, columns] from what lies before column `origin`, with each row's level and
    scale, in whose units they are."""
    before = values[:, max(0, origin - WEEK) : origin]
    level = before.mean(axis=1)
    scale = np.maximum(before.std(axis=1), 1e-3 * np.abs(level) + 1e-9)
    unit = (values[:, max(0, origin - 5 * WEEK) : origin] - level[:, None]) / scale[:, None]
    hours = unit.shape[1]
    observed = ~np.isnan(panel.values[:, max(0, origin - WEEK) : origin])

    def back(distance: Integers) -> Floats:
        """The value `distance` hours before the target, stepped back by days while it would lie
        at or after the origin; NaN before the history begins."""
        column = hours + step - distance
        column = np.where(column >= hours, column - 24 * ((column - hours) // 24 + 1), column)
        return np.where(column >= 0, unit[series, np.maximum(column, 0)], np.nan)

    def every(distance: int) -> Integers:
        return np.full(len(step), distance)

    days = np.column_stack([back(every(24 * k)) for k in range(1, 8)])
    weeks = np.column_stack([back(every(WEEK * k)) for k in range(1, 5)])
    with np.errstate(invalid="ignore"):
        counts = np.maximum((~np.isnan(weeks)).sum(axis=1), 1)
        week_mean = np.nansum(weeks, axis=1) / counts
    hour = panel.hour_of_day(origin, origin + int(step.max()) + 1)[step]
    weekday = panel.weekday(origin, origin + int(step.max()) + 1)[step]
    made = np.column_stack(
        [
            hour, weekday, step,
            days[:, 0], days[:, 1], days[:, 6], days.mean(axis=1), days.std(axis=1),
            weeks[:, 0], week_mean,
            back(every(23)), back(every(25)), back(every(WEEK - 1)), back(every(WEEK + 1)),
            unit[series, -1], unit[series, -3:].mean(axis=1), unit[series, -24:].mean(axis=1),
            (scale / (np.abs(level) + 1e-9))[series],
            observed.mean(axis=1)[series],
        ]
    )  # fmt: skip
    return made, level[series], scale[series]
