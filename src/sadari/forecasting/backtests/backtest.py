"""The backtest of a domain: single moves and, for the busiest routes, hours; kept apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting.backtests.hours import HourBacktest, backtest_hours
from sadari.forecasting.backtests.moves import MoveBacktest, backtest_moves
from sadari.forecasting.backtests.report import Summary, summarise_hours, summarise_moves
from sadari.forecasting.events.history import History
from sadari.forecasting.models.candidates import hour_forecasters
from sadari.forecasting.models.members import Members
from sadari.forecasting.models.panel import Panel, make_panel
from sadari.forecasting.models.rules import Rule

DENSE = 0.25  # the share of hours that must have a move for a route's hours to be a series
HORIZON = 24


@dataclass(frozen=True)
class Backtest:
    """Both backtests with their numbers; `hours` is None when no route has moves often enough."""

    moves: MoveBacktest
    hours: HourBacktest | None
    summaries: tuple[Summary, ...]


def backtest(
    history: History,
    settings: ForecastSettings,
    rules: tuple[Rule, ...] = (),
    *,
    origins: int = 7,
    folds: int = 2,
    watch: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Backtest:
    """Scores single moves over `folds` weeks and route-hours over `origins` days. Raises
    ForecastError when there is too little history."""
    moves = backtest_moves(
        history,
        Members.make(rules).calibrated,
        folds=folds,
        watch=lambda done, total: watch("single moves", done, total),
    )
    panel = dense(make_panel(history, settings.busiest_routes))
    hours = None
    summaries = [summarise_moves(moves)]
    if panel.names:
        hours = backtest_hours(
            panel,
            hour_forecasters(settings.models, HORIZON),
            horizon=HORIZON,
            origins=origins,
            watch=lambda done, total: watch("route-hours", done, total),
        )
        summaries.append(summarise_hours(hours))
    return Backtest(moves, hours, tuple(summaries))


def dense(panel: Panel) -> Panel:
    """The series that have a move in enough of their hours."""
    if not panel.names:
        return panel
    return panel.of(np.flatnonzero(panel.empty <= (1 - DENSE) * panel.hours).tolist())
