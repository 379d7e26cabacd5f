"""Forecasters of a route's hour."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sadari.forecasting import ForecastError
from sadari.forecasting.backtests.hours import CHOSEN, backtest_hours
from sadari.forecasting.backtests.report import summarise_hours
from sadari.forecasting.events.clock import HOUR
from sadari.forecasting.models.candidates import hour_forecasters
from sadari.forecasting.models.panel import Panel, make_panel, route_hours
from sadari.forecasting.quantiles import HIGH, LOW, covered, crps
from tests.forecasting.logs import history

NAMES = ("seasonal naive", "mstl", "arima", "boosted", "lstm")


def waves(hours: int = 28 * 24, noise: float = 0.5, series: int = 3) -> Panel:
    draw = np.random.default_rng(1)
    hour = np.arange(hours)
    usual = 10 + 3 * np.sin(hour / 24 * 2 * np.pi) + 2 * (hour // 24 % 7 == 4)
    values = usual + draw.normal(0, noise, (series, hours))
    return Panel(tuple("ABCDEFG"[:series]), values, 490_000)


@pytest.mark.parametrize("name", NAMES)
def test_each_sees_the_day(name: str) -> None:
    panel = waves()
    (model,) = hour_forecasters([name], 24)
    past = panel.until(panel.hours - 24)
    model.fit(past)
    found = model.predict(past, 24)
    assert found.shape == (3, 24, 9)
    assert np.isfinite(found).all()
    flat = np.quantile(past.values, np.linspace(0.1, 0.9, 9), axis=1).T[:, None, :]
    actual = panel.values[:, -24:]
    assert crps(found, actual).mean() < 0.75 * crps(np.repeat(flat, 24, axis=1), actual).mean()


@pytest.mark.parametrize("name", NAMES)
def test_gaps_constants_and_nothing_at_all(name: str) -> None:
    """PREVENT 33: an empty hour is no zero, and a series without values no number."""
    panel = waves()
    values = panel.values.copy()
    values[0, ::3] = np.nan
    values[1] = 7.0
    values[2] = np.nan
    holes = Panel(panel.names, values, panel.start)
    (model,) = hour_forecasters([name], 24)
    model.fit(holes)
    found = model.predict(holes, 24)
    assert np.isfinite(found[:2]).all()
    assert found[0].min() > 4
    assert np.isnan(found[2]).all()


def test_a_backtest_never_looks_ahead() -> None:
    panel = waves()
    spoilt = panel.values.copy()
    spoilt[:, -24:] += 1000
    models = ("seasonal naive", "arima", "boosted")
    how = {"horizon": 24, "origins": 2, "warm_up": 2}
    honest = backtest_hours(panel, hour_forecasters(models, 24), **how)  # type: ignore[arg-type]
    other = Panel(panel.names, spoilt, panel.start)
    again = backtest_hours(other, hour_forecasters(models, 24), **how)  # type: ignore[arg-type]
    for name, quantiles in honest.forecasts.items():
        assert np.array_equal(quantiles, again.forecasts[name]), name


def test_the_chosen_is_near_the_best_and_says_why() -> None:
    panel = waves(series=5)
    models = ("seasonal naive", "mstl", "arima")
    found = backtest_hours(panel, hour_forecasters(models, 24), origins=10, warm_up=4)
    summary = summarise_hours(found)
    assert (summary.hours, summary.empty_hours) == (5 * panel.hours, 0)
    scores = {row.model: row.scaled_crps for row in summary.models}
    best = min(score for name, score in scores.items() if name != CHOSEN)
    assert scores[CHOSEN] <= 1.05 * best
    assert all(route.model in (*models, "combination") and route.why for route in summary.routes)
    assert 0.7 < float(np.nanmean(covered(found.forecasts[CHOSEN], found.actual))) < 0.9
    assert (found.forecasts[CHOSEN][..., HIGH] >= found.forecasts[CHOSEN][..., LOW]).all()


def test_a_panel_knows_empty_hours_and_the_local_calendar() -> None:
    known = history(days=10, per_hour=2)
    panel = make_panel(known, 5)
    assert len(panel.names) == 5
    begun = known.moves.filter(pl.col("start") < known.last // HOUR * HOUR)
    counts = begun.group_by("route").len().sort("len", "route", descending=[True, False])
    assert list(panel.names) == counts["route"].head(5).to_list()
    assert np.isnan(panel.values).any()
    assert not (panel.values == 0).any()
    assert panel.hour_of_day(0, 3).tolist() == [0, 1, 2]


def test_the_mean_of_an_hour_does_not_depend_on_the_order_of_its_moves() -> None:
    """Bit for bit: trees that learn from it split elsewhere for less."""
    draw = np.random.default_rng(1)
    start = draw.integers(0, 24 * HOUR, 20_000)
    moves = pl.DataFrame(
        {
            "source": "A",
            "destination": "B",
            "start": start,
            "end": start + draw.integers(1, 3_600_000, len(start)),
        }
    )
    keys = ["source", "destination", "hour"]
    whole = route_hours(moves).sort(keys)
    assert whole["count"].sum() == len(start)
    for seed in range(3):
        shuffled = moves.sample(fraction=1, shuffle=True, seed=seed)
        assert route_hours(shuffled).sort(keys).equals(whole)


def test_too_little_history_is_a_sentence() -> None:
    with pytest.raises(ForecastError, match="only 3 days"):
        backtest_hours(waves(72), hour_forecasters(["seasonal naive"], 24), origins=3)


def test_an_unknown_model_is_a_sentence() -> None:
    with pytest.raises(ForecastError, match="'oracle' is no model"):
        hour_forecasters(["oracle"], 24)
