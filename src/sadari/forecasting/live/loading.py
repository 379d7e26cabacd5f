"""The fitted predictor of a domain: read back, and fitted again when rules have changed or many
events are new."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path

import polars as pl

from sadari import __version__
from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting.events.clock import DAY
from sadari.forecasting.events.history import History, parse_at, read_history
from sadari.forecasting.live.forecast import Forecast
from sadari.forecasting.live.kept import Kept, read_kept, restore, write_predictor
from sadari.forecasting.live.predictor import Predictor, fit_predictor
from sadari.forecasting.live.words import Language
from sadari.forecasting.models.rules import read_rules


def load(folder: Path, settings: ForecastSettings, home: Path) -> Predictor:
    """The predictor for a domain folder whose events lie in `home`. Events that came since the fit
    count at once; models are fitted anew, in seconds to minutes, when a tenth of the moves came or
    went since, or settings or rules changed. Raises ForecastError without moves."""
    history = recent(read_history(settings, home), settings.history_days)
    rules = read_rules(folder)
    said = repr((__version__, [field.name for field in fields(Kept)], settings, rules))
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    path = home / f"predictor-{digest}.json"
    if path.is_file():
        kept = read_kept(path)
        if kept.learnt.holds(history):
            return restore(kept, history)
    predictor = fit_predictor(history, rules)
    write_predictor(predictor, path)
    for old in home.glob("predictor-*.json"):
        if old != path:
            old.unlink(missing_ok=True)
    return predictor


def recent(history: History, days: int) -> History:
    """The last days of a history."""
    if history.moves.is_empty():
        return history
    first = history.last - days * DAY
    return History(
        history.moves.filter(pl.col("start") >= first),
        history.readings.filter(pl.col("at") >= first),
        history.schedule.filter(pl.col("end") >= first),
        history.stock.filter(pl.col("at") >= first),
        history.zone,
        history.version,
    )


def predict(
    predictor: Predictor,
    route: str,
    at: str | None = None,
    *,
    priority: str = "",
    reasons: bool = True,
    language: Language = "ko",
) -> Forecast:
    """The Forecast of a move on `route` that starts at a local time (the last event's without
    one). Raises ForecastError for a route or a time that cannot be read."""
    when = predictor.last if at is None else parse_at(at, predictor.history.zone)
    return predictor.predict(route, when, priority=priority, reasons=reasons, language=language)
