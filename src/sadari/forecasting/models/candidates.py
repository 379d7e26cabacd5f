"""Which forecasters of a route's hour are at hand."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from sadari.forecasting.errors import ForecastError
from sadari.forecasting.models.series import Arima, HourForecaster, Mstl, SeasonalNaive

NAMES = ("seasonal naive", "mstl", "arima", "boosted", "lstm", "prophet")
ALWAYS = ("seasonal naive", "mstl", "arima", "boosted")


def hour_forecasters(names: Sequence[str], horizon: int) -> list[HourForecaster]:
    """One of each name; without names all that are quick and installed: Prophet, which is slow,
    must be named. Raises ForecastError for a name that is unknown or not installed."""
    wanted = list(names) or [*ALWAYS, *(["lstm"] if find_spec("torch") else [])]
    return [_make(name, horizon) for name in wanted]


def _make(name: str, horizon: int) -> HourForecaster:
    where = "[forecast] models"
    try:
        if name == "seasonal naive":
            return SeasonalNaive()
        if name == "mstl":
            return Mstl()
        if name == "arima":
            return Arima()
        if name == "boosted":
            from sadari.forecasting.models.series_boosted import Boosted

            return Boosted(horizon)
        if name == "lstm":
            from sadari.forecasting.models.series_lstm import Lstm

            return Lstm(horizon)
        if name == "prophet":
            from sadari.forecasting.models.series_prophet import ProphetModel

            return ProphetModel()
    except ImportError as error:
        extra = {"lstm": "local", "prophet": "prophet"}.get(name, "forecast")
        todo = f'Install it: pip install "sadari[{extra}]".'
        raise ForecastError(f"{name} needs {error.name}.", where=where, todo=todo) from error
    todo = f"There are {', '.join(NAMES)}."
    raise ForecastError(f"{name!r} is no model.", where=where, todo=todo)
