"""A route's coming hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting import (
    ForecastError,
    Predictor,
    coming_hours,
    fit_predictor,
    load_outlook,
    make_history,
)
from sadari.forecasting.events.clock import DAY, HOUR
from sadari.forecasting.live.coming import hours_lines
from sadari.forecasting.live.page import hours_plot
from sadari.forecasting.models.panel import make_panel
from sadari.forecasting.models.series import SeasonalNaive
from tests.forecasting.logs import moves

QUICK = ForecastSettings(models=("seasonal naive", "arima"))


@pytest.fixture(scope="module")
def known() -> Predictor:
    """Two weeks and a half in which the route from D to A has hardly a move."""
    frame = moves(days=18, per_hour=15)
    thin = (pl.col("source") == "D") & (pl.col("destination") == "A")
    kept = frame.filter(~thin | (pl.col("start") % DAY < HOUR))
    return fit_predictor(replace(make_history(kept, settings=QUICK), version="1"), ())


def test_the_next_day_of_a_route(known: Predictor, tmp_path: Path) -> None:
    outlook = load_outlook(known.history, QUICK, tmp_path)
    found = coming_hours(known, outlook, "A→B")
    assert (found.estimand, found.fallback, len(found.hours)) == ("route_hour", "", 24)
    assert found.hours[0].at[:13] == found.as_of[:13]
    minutes = np.array([[m for _, m in hour.quantiles] for hour in found.hours])
    assert np.isfinite(minutes).all()
    assert (minutes > 0).all()
    assert (np.diff(minutes, axis=1) >= 0).all()
    # the truth: 5 + 1 and two minutes up and down, slowest at six o'clock
    assert 2 <= int(found.slowest.at[11:13]) <= 10
    assert 1.5 < found.slowest.median - found.quickest.median < 7
    assert found.model in ("seasonal naive", "arima", "combination")
    assert found.why
    assert "<svg" in hours_plot(found)


def test_empty_hours_are_counted_and_told(known: Predictor, tmp_path: Path) -> None:
    """PREVENT 33."""
    outlook = load_outlook(known.history, QUICK, tmp_path)
    found = coming_hours(known, outlook, "A→B", 3, "en")
    panel = make_panel(known.history, 99)
    empty = int(np.isnan(panel.values[panel.names.index("A→B")]).sum())
    assert 0 < empty == found.empty_hours < found.hours_on_record == panel.hours
    assert any(f"{empty} of {panel.hours} hours" in line for line in hours_lines(found, "en"))
    assert any(f"{panel.hours}시간 가운데 {empty}시간" in line for line in hours_lines(found, "ko"))


def test_a_thin_route_has_its_moves_forecast_and_says_so(known: Predictor, tmp_path: Path) -> None:
    outlook = load_outlook(known.history, QUICK, tmp_path)
    for route in ("D→A", "A→Nowhere"):
        found = coming_hours(known, outlook, route, 5, "en")
        assert (found.estimand, len(found.hours)) == ("move", 5)
        assert "one move" in found.fallback
        assert all(hour.median > 0 for hour in found.hours)


def test_new_hours_move_the_outlook_and_keep_its_picks(known: Predictor, tmp_path: Path) -> None:
    first = load_outlook(known.history, QUICK, tmp_path)
    assert load_outlook(known.history, QUICK, tmp_path) == first
    cut = known.history.until(known.last - 30 * HOUR)
    fewer = load_outlook(replace(cut, version="0"), QUICK, tmp_path / "other")
    (tmp_path / "outlook.json").write_text(
        (tmp_path / "other" / "outlook.json").read_text(encoding="utf-8"), encoding="utf-8"
    )
    later = load_outlook(known.history, QUICK, tmp_path)
    assert later.picks == fewer.picks
    assert later.start == first.start == fewer.start + 30
    assert later.minutes != fewer.minutes
    (tmp_path / "outlook.json").write_text("{", encoding="utf-8")
    with pytest.raises(ForecastError, match=r"outlook\.json: cannot be read"):
        load_outlook(known.history, QUICK, tmp_path)


def test_more_hours_than_models_know_are_a_sentence(known: Predictor, tmp_path: Path) -> None:
    outlook = load_outlook(known.history, QUICK, tmp_path)
    with pytest.raises(ForecastError, match="25 hours cannot be forecast"):
        coming_hours(known, outlook, "A→B", 25)


def test_a_change_of_the_clock_does_not_shift_the_day() -> None:
    """PREVENT 31: at eight by the clock of Berlin moves take three times as long, before and after
    the night of 29 March 2026, which lacks an hour."""
    zone, rows = ZoneInfo("Europe/Berlin"), []
    at = datetime(2026, 3, 16, tzinfo=zone).astimezone(UTC)
    while at < datetime(2026, 3, 31, tzinfo=zone):
        minutes = 30 if at.astimezone(zone).hour == 8 else 10
        begin = int(at.timestamp() * 1000)
        rows.append((f"m{len(rows)}", "A", "B", "", None, begin, begin + minutes * 60_000))
        at += timedelta(hours=1)
    names = ["id", "source", "destination", "priority", "vehicle", "start", "end"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    settings = ForecastSettings(time_zone="Europe/Berlin")
    panel = make_panel(make_history(frame, settings=settings), 1)
    assert int(np.isnan(panel.values).sum()) == 1  # the hour that the clock skips
    cut = next(c for c in range(panel.hours) if panel.clock(c) == datetime(2026, 3, 30))
    ahead = SeasonalNaive().predict(panel.until(cut), 24)[0, :, 4]
    assert int(ahead.argmax()) == 8
    assert panel.values[0, cut : cut + 24].argmax() == 8


def test_an_hour_that_comes_twice_holds_both() -> None:
    """Half past one by the clock of Los Angeles comes at 08:30 and at 09:30 UTC."""
    first = int(datetime(2026, 11, 1, 8, 30, tzinfo=UTC).timestamp() * 1000)
    frame = pl.DataFrame(
        {"id": ["a", "b", "c"], "source": "A", "destination": "B", "priority": "", "vehicle": "",
         "start": [first, first + HOUR, first + 3 * HOUR]},
    ).with_columns(end=pl.col("start") + pl.Series([10, 20, 5]) * 60_000)  # fmt: skip
    settings = ForecastSettings(time_zone="America/Los_Angeles")
    panel = make_panel(make_history(frame, settings=settings), 1)
    assert panel.clock(0) == datetime(2026, 11, 1, 1)
    assert panel.values[0, 0] == 15.0
    assert np.isnan(panel.values[0, 1])
