"""Rolling origins for route-hours: every model forecasts what came, knowing only what was before.

At each origin each model forecasts the horizon; its quantiles are calibrated on its errors at the
origins before; the combination is weighed, and a model chosen for each route, by scores of the
origins before. The combination is calibrated in its turn, on the errors that it really made: what
it would have been with the weights of now was fitted to those very errors. The first origins only
warm these up and are not scored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sadari.forecasting.errors import ForecastError
from sadari.forecasting.models.combination import COMBINATION, choose, combine, pulled, weigh
from sadari.forecasting.models.conformal import Offsets, calibrate, errors_of
from sadari.forecasting.models.panel import Panel
from sadari.forecasting.models.series import HourForecaster
from sadari.forecasting.quantiles import Floats, Integers, crps

CHOSEN = "chosen"
REFIT = 7  # origins between fits of what is slow to learn
Watch = Callable[[int, int], None]


@dataclass(frozen=True)
class HourBacktest:
    """What each candidate forecast at the scored origins. `forecasts` holds calibrated quantiles
    [origins, series, horizon, levels] by candidate; `raw` the same before calibration."""

    names: tuple[str, ...]
    origins: tuple[int, ...]
    actual: Floats  # [origins, series, horizon], NaN in an empty hour
    forecasts: Mapping[str, Floats]
    raw: Mapping[str, Floats]
    scale: Floats  # [series]: mean absolute difference of like hours of the day, before the origins
    seconds: Mapping[str, float]
    choice: tuple[str, ...]  # for each series, from all origins
    weights: Floats  # [members, series], from all origins
    members: tuple[str, ...]
    relative: Floats  # [candidates, series]: scores relative to the best, drawn to the mean
    empty: Integers  # [series]: hours without a move, of `hours`; neither zeros nor scored
    hours: int


def backtest_hours(
    panel: Panel,
    forecasters: Sequence[HourForecaster],
    *,
    horizon: int = 24,
    step: int = 24,
    origins: int = 14,
    warm_up: int = 4,
    watch: Watch = lambda done, total: None,
) -> HourBacktest:
    """Scores `origins` origins after `warm_up` more, `step` hours apart, the last one `horizon`
    hours before the panel's end. Raises ForecastError when the history is too short."""
    columns = [panel.hours - horizon - step * k for k in range(origins + warm_up)][::-1]
    columns = [c for c in columns if c >= 7 * 24]
    if len(columns) < warm_up + 1 or not panel.names:
        need = (7 * 24 + horizon + step * warm_up) / 24
        todo = f"Bring at least {need:.0f} days of moves, or fewer --origins."
        raise ForecastError(f"there are only {panel.hours / 24:.0f} days.", todo=todo)
    members = tuple(f.name for f in forecasters)
    candidates = (*members, COMBINATION)
    shape = (len(columns), len(panel.names), horizon, 9)
    raw = {name: np.full(shape, np.nan) for name in candidates}
    even = {name: np.full(shape, np.nan) for name in (*candidates, CHOSEN)}
    actual = np.stack([panel.values[:, c : c + horizon] for c in columns])
    seconds = dict.fromkeys(members, 0.0)
    for k, column in enumerate(columns):
        past = panel.until(column)
        gone = _origins_known(columns, k, horizon)
        for forecaster in forecasters:
            began = time.process_time()
            if k % REFIT == 0:
                forecaster.fit(past)
            raw[forecaster.name][k] = forecaster.predict(past, horizon)
            seconds[forecaster.name] += time.process_time() - began
            even[forecaster.name][k] = calibrated(raw[forecaster.name], actual, gone, k)
        scores, counts = mean_scores(even, actual, gone, members)
        weights = weigh(scores, counts)
        raw[COMBINATION][k] = combine({m: even[m][k] for m in members}, weights)
        even[COMBINATION][k] = calibrated(raw[COMBINATION], actual, gone, k)
        scores, counts = mean_scores(even, actual, gone, candidates)
        picked = choose(scores, counts, candidates)
        for series, name in enumerate(picked):
            even[CHOSEN][k, series] = even[name][k, series]
        watch(k + 1, len(columns))
    every = list(range(len(columns)))
    scores, counts = mean_scores(even, actual, every, candidates)
    scored = slice(warm_up, None)
    seconds[COMBINATION] = sum(seconds.values())
    return HourBacktest(
        panel.names,
        tuple(columns[scored]),
        actual[scored],
        {name: values[scored] for name, values in even.items()},
        {name: values[scored] for name, values in raw.items()},
        daily_scale(panel, columns[warm_up]),
        seconds,
        choose(scores, counts, candidates),
        weigh(scores[:-1], counts),
        members,
        pulled(scores, counts),
        panel.empty,
        panel.hours,
    )


def calibrated(raw: Floats, actual: Floats, gone: Sequence[int], k: int) -> Floats:
    """The forecast of origin k, calibrated per series on the errors of the origins gone by."""
    if not len(gone):
        return np.asarray(raw[k])
    return apply_offsets(offsets_of(raw[gone], actual[gone]), raw[k])


def offsets_of(raw: Floats, actual: Floats) -> Offsets:
    """Offsets per series from forecasts [origins, series, horizon, levels] and what came; the
    errors of one origin hang together."""
    origins, series, horizon, levels = raw.shape
    group = np.tile(np.repeat(np.arange(series), horizon), origins).astype(np.int64)
    block = np.repeat(np.arange(origins), series * horizon).astype(np.int64)
    errors = errors_of(raw.reshape(-1, levels), actual.reshape(-1))
    return calibrate(errors, group, series, block)


def apply_offsets(offsets: Offsets, quantiles: Floats) -> Floats:
    """Quantiles [series, horizon, levels], calibrated."""
    series, horizon, levels = quantiles.shape
    own = np.repeat(np.arange(series), horizon).astype(np.int64)
    return offsets.apply(quantiles.reshape(-1, levels), own).reshape(quantiles.shape)


def mean_scores(
    forecasts: Mapping[str, Floats], actual: Floats, gone: Sequence[int], names: Sequence[str]
) -> tuple[Floats, Floats]:
    """Mean CRPS [names, series] over origins gone by, and how many targets each series had."""
    if not len(gone):
        return np.full((len(names), actual.shape[1]), np.nan), np.zeros(actual.shape[1])
    every = np.stack([crps(forecasts[name][gone], actual[gone]) for name in names])
    known = np.isfinite(every)
    count = known.sum(axis=(1, 3))
    total = np.where(known, every, 0).sum(axis=(1, 3))
    means = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means, (~np.isnan(actual[gone])).sum(axis=(0, 2)).astype(float)


def daily_scale(panel: Panel, column: int) -> Floats:
    """The denominator of MASE: mean absolute difference of hours a day apart before a column
    (Hyndman and Koehler 2006, International Journal of Forecasting 22: 679–688)."""
    values = panel.values[:, :column]
    with np.errstate(invalid="ignore"):
        change = np.abs(values[:, 24:] - values[:, :-24])
        count = (~np.isnan(change)).sum(axis=1)
        mean = np.nansum(change, axis=1) / np.maximum(count, 1)
        spread = np.nanstd(np.where(np.isnan(values), np.nan, values), axis=1)
    found: Floats = np.maximum(np.where(count >= 5, mean, spread), 1e-9)
    return found


def _origins_known(columns: Sequence[int], k: int, horizon: int) -> list[int]:
    """Origins whose whole horizon lies before origin k."""
    return [j for j in range(k) if columns[j] + horizon <= columns[k]]
