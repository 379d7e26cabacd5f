"""Forecasters of a route's hour, under one protocol: seasonal naive, MSTL, ARIMA."""

from __future__ import annotations

import warnings
from typing import Protocol

import numpy as np
from scipy.special import ndtri

from sadari.forecasting.models.panel import WEEK, Panel, filled
from sadari.forecasting.quantiles import LEVELS, Floats, Integers

_NORMAL = ndtri(LEVELS)


class HourForecaster(Protocol):
    """Forecasts the coming hours of every series of a panel (the estimand "route_hour")."""

    @property
    def name(self) -> str:
        """What it is called in tables and settings."""
        ...

    def fit(self, panel: Panel) -> None:
        """Learns what need not be learnt anew every hour."""
        ...

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Quantiles [series, horizon, levels] of the hours after the panel's last, from all that
        the panel holds; rows of NaN for a series that has no value."""
        ...


class SeasonalNaive:
    """The same hour of the last day, or of the last week where that has been nearer lately."""

    name = "seasonal naive"

    def fit(self, panel: Panel) -> None:
        """Nothing to learn."""

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Quantiles from the differences between like hours in the last four weeks."""
        values = filled(panel)
        recent = values[:, -5 * WEEK :]
        best, point, spread = None, None, None
        for lag in (24, WEEK):
            if panel.hours < 2 * lag:
                continue
            error = recent[:, lag:] - recent[:, :-lag]
            size = np.abs(error[:, -2 * WEEK :]).mean(axis=1)
            ahead = values[:, panel.hours - lag + np.arange(horizon) % lag]
            quantiles = np.quantile(error, LEVELS, axis=1).T
            if best is None or point is None or spread is None:
                best, point, spread = size, ahead, quantiles
            else:
                better = (size < best)[:, None]
                point = np.where(better, ahead, point)
                spread = np.where(better, quantiles, spread)
        if point is None or spread is None:
            return _flat(values, horizon)
        return point[..., None] + spread[:, None, :]


class Mstl:
    """Level, day and week taken apart by LOESS (Bandara, Hyndman, Bergmeir 2021, arXiv
    2107.13462); seasons repeat, the rest fades back to its level."""

    name = "mstl"

    def fit(self, panel: Panel) -> None:
        """Nothing to learn: the parts are taken apart anew each time."""

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Normal quantiles; the spread grows as an autoregression's does."""
        values = filled(panel)[:, -6 * WEEK :]
        if panel.hours < 3 * 24:
            return _flat(values, horizon)
        found = np.full((len(values), horizon, len(LEVELS)), np.nan)
        for row, series in enumerate(values):
            if np.isfinite(series).all():
                found[row] = _mstl(series, horizon)
        return found


def _mstl(series: Floats, horizon: int) -> Floats:
    from statsmodels.tsa.seasonal import MSTL

    periods = [p for p in (24, WEEK) if len(series) >= 2 * p + 1]
    jumps = {"seasonal_jump": 6, "trend_jump": 24, "low_pass_jump": 12, "seasonal_deg": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = MSTL(series, periods=periods, iterate=1, stl_kwargs=jumps).fit()
    seasons = np.atleast_2d(np.asarray(parts.seasonal).T)
    ahead = np.arange(horizon)
    season = sum(
        part[len(series) - period + ahead % period]
        for part, period in zip(seasons, periods, strict=True)
    )
    rest = series - seasons.sum(axis=0)
    level = float(np.mean(rest[-24:]))
    short = rest - np.asarray(parts.trend)
    fade = float(np.clip(np.corrcoef(short[1:], short[:-1])[0, 1], 0, 0.98)) if short.std() else 0.0
    last = float(rest[-1]) - level
    steps = ahead + 1
    point = season + level + last * fade**steps
    noise = max(float(np.std(short)) * np.sqrt(max(1 - fade**2, 1e-3)), 1e-9)
    growth = np.sqrt((1 - fade ** (2 * steps)) / max(1 - fade**2, 1e-3) + steps / 48)
    found: Floats = point[:, None] + noise * growth[:, None] * _NORMAL
    return found


class Arima:
    """Regression on daily and weekly waves with an ARIMA(p, d, 0) of the rest: p and d by AICc;
    a long autoregression stands for the moving average (Hyndman and Athanasopoulos, Forecasting:
    Principles and Practice, 3rd ed., chapter 10). Orders are chosen in `fit` and kept."""

    name = "arima"

    def __init__(self) -> None:
        self._orders: dict[str, tuple[int, int]] = {}

    def fit(self, panel: Panel) -> None:
        """Chooses p and d of every series."""
        values = filled(panel)[:, -6 * WEEK :]
        if values.shape[1] < 3 * 24:
            return
        rest = values - _waves(values)(np.arange(values.shape[1]))
        for name, series in zip(panel.names, rest, strict=True):
            if np.isfinite(series).all():
                self._orders[name] = min(
                    ((p, d) for d in (0, 1) for p in (1, 2, 3, 6, 25)),
                    key=lambda order: _autoregression(series, *order)[2],
                )

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Normal quantiles with the variance of the model's psi weights."""
        values = filled(panel)[:, -6 * WEEK :]
        if panel.hours < 3 * 24:
            return _flat(values, horizon)
        waves = _waves(values)
        hours = values.shape[1]
        rest = values - waves(np.arange(hours))
        ahead = waves(np.arange(hours, hours + horizon))
        found = np.full((len(values), horizon, len(LEVELS)), np.nan)
        for row, series in enumerate(rest):
            if np.isfinite(series).all():
                p, d = self._orders.get(panel.names[row], (2, 0))
                point, deviation = _run(series, p, d, horizon)
                found[row] = (ahead[row] + point)[:, None] + deviation[:, None] * _NORMAL
        return found


class _waves:  # noqa: N801 - a function with fitted coefficients
    """Least squares on Fourier terms: eight of the day, three of the week."""

    def __init__(self, values: Floats) -> None:
        self._week = values.shape[1] >= 2 * WEEK
        design = self._design(np.arange(values.shape[1]))
        self._coefficients = np.linalg.lstsq(design, np.nan_to_num(values).T, rcond=None)[0]

    def __call__(self, hours: Integers) -> Floats:
        found: Floats = (self._design(hours) @ self._coefficients).T
        return found

    def _design(self, hours: Integers) -> Floats:
        turns = [k / 24 for k in range(1, 9)] + (
            [k / WEEK for k in (1, 2, 3)] if self._week else []
        )
        angles = 2 * np.pi * np.outer(hours, turns)
        return np.hstack([np.ones((len(hours), 1)), np.sin(angles), np.cos(angles)])


def _autoregression(series: Floats, p: int, d: int) -> tuple[Floats, float, float]:
    """Coefficients (a constant first, none after differencing), residual deviation, AICc."""
    x = np.diff(series, n=d)
    lags = np.lib.stride_tricks.sliding_window_view(x, p)[:-1, ::-1]
    design = lags if d else np.hstack([np.ones((len(lags), 1)), lags])
    # a little ridge keeps a constant series solvable
    gram = design.T @ design + 1e-8 * (np.trace(design.T @ design) + 1) * np.eye(design.shape[1])
    coefficients = np.linalg.solve(gram, design.T @ x[p:])
    residual = x[p:] - design @ coefficients
    n, k = len(residual), design.shape[1] + 1
    variance = float(np.mean(residual**2)) + 1e-18
    # per observation, so that orders that leave fewer of them can be compared
    criterion = np.log(variance) + 2 * k / max(n - k - 1, 1)
    return coefficients, float(np.sqrt(variance)), float(criterion)


def _run(series: Floats, p: int, d: int, horizon: int) -> tuple[Floats, Floats]:
    """Point forecasts and standard deviations of the coming hours."""
    coefficients, deviation, _ = _autoregression(series, p, d)
    constant, phi = (0.0, coefficients) if d else (float(coefficients[0]), coefficients[1:])
    state = list(np.diff(series, n=d)[-p:][::-1])
    limit = 10 * (np.abs(series).max() + 1e-9)
    points, psi = np.empty(horizon), np.zeros(horizon)
    for step in range(horizon):
        value = float(np.clip(constant + np.dot(phi, state), -limit, limit))
        points[step] = value
        state = [value, *state[:-1]]
        back = np.arange(1, min(step, p) + 1)
        psi[step] = (
            1.0 if step == 0 else float(np.clip(np.dot(phi[: len(back)], psi[step - back]), -2, 2))
        )
    if d:
        points, psi = series[-1] + np.cumsum(points), np.cumsum(psi)
    return points, np.maximum(deviation * np.sqrt(np.cumsum(psi**2)), 1e-9)


def _flat(values: Floats, horizon: int) -> Floats:
    """With less than the season's history: the quantiles of what there is."""
    if not values.shape[1]:
        return np.full((len(values), horizon, len(LEVELS)), np.nan)
    found = np.full((len(values), len(LEVELS)), np.nan)
    some = np.isfinite(values).all(axis=1)
    found[some] = np.quantile(values[some], LEVELS, axis=1).T
    return np.repeat(found[:, None, :], horizon, axis=1)
