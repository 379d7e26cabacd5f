"""The coming hours of all routes that move often enough for their hours to be a series.

Which model a route uses is picked by a backtest, which is slow, and kept for a week. The forecasts
themselves are made from all that is known, each time that events came in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ConfigDict, TypeAdapter

from sadari import __version__
from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting.backtests.backtest import HORIZON, dense
from sadari.forecasting.backtests.hours import (
    HourBacktest,
    apply_offsets,
    backtest_hours,
    offsets_of,
)
from sadari.forecasting.backtests.report import whys
from sadari.forecasting.errors import ForecastError
from sadari.forecasting.events.history import History
from sadari.forecasting.live.kept import read_back
from sadari.forecasting.models.candidates import hour_forecasters
from sadari.forecasting.models.combination import COMBINATION, combine
from sadari.forecasting.models.conformal import Offsets
from sadari.forecasting.models.moves import BEYOND, SHORTEST
from sadari.forecasting.models.panel import WEEK, Panel, make_panel
from sadari.forecasting.quantiles import LEVELS, Floats
from sadari.store import whole_file

ORIGINS = 7
Watch = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Pick:
    """What a route uses: a model, or the combination by these weights, and why; and the
    calibration of each candidate (offsets by level)."""

    model: str
    why: str
    weights: Mapping[str, float]
    offsets: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Outlook:
    """Forecasts [hours][levels] in minutes of each route, from the local hour `start` (hours since
    1970); its hours so far and how many of them were empty; the picks, and when they were made."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    made_from: str
    picked_from: str
    picked_at: int
    picks: Mapping[str, Pick]
    start: int
    hours: int
    empty: Mapping[str, int]
    minutes: Mapping[str, tuple[tuple[float, ...], ...]]


_KEPT = TypeAdapter(Outlook)


def load_outlook(
    history: History,
    settings: ForecastSettings,
    home: Path,
    watch: Watch = lambda stage, done, total: None,
) -> Outlook:
    """The outlook from all events of a history, kept in `home`: read where nothing changed, else
    made again with the picks of the last week. Empty where no route moves often enough or for long
    enough. Raises ForecastError for a kept file that is damaged."""
    path = home / "outlook.json"
    picked_from = hashlib.sha256(repr((__version__, settings)).encode()).hexdigest()[:16]
    made_from = f"{picked_from}-{history.version}"
    kept = read_back(_KEPT, path) if path.is_file() else None
    if kept is not None and kept.made_from == made_from:
        return kept
    panel = dense(make_panel(history, settings.busiest_routes))
    now = panel.start + panel.hours
    picks: Mapping[str, Pick]
    if kept is None or kept.picked_from != picked_from or not 0 <= now - kept.picked_at < WEEK:
        picks, picked_at = pick(panel, settings, watch), now
    else:
        picks, picked_at = kept.picks, kept.picked_at
    minutes = look_ahead(panel, picks)
    empty = dict(zip(panel.names, panel.empty.tolist(), strict=True))
    made = Outlook(made_from, picked_from, picked_at, picks, now, panel.hours, empty, minutes)
    with whole_file(path) as file:
        file.write(_KEPT.dump_json(made).decode())
    return made


def pick(
    panel: Panel, settings: ForecastSettings, watch: Watch = lambda stage, done, total: None
) -> dict[str, Pick]:
    """The model of each route, by a backtest; none where the history is too short for one."""
    try:
        found = backtest_hours(
            panel,
            hour_forecasters(settings.models, HORIZON),
            horizon=HORIZON,
            origins=ORIGINS,
            watch=lambda done, total: watch("choosing models", done, total),
        )
    except ForecastError:
        return {}
    return _picks(found)


def _picks(found: HourBacktest) -> dict[str, Pick]:
    why = whys(found)
    offsets = {c: offsets_of(values, found.actual).groups for c, values in found.raw.items()}
    return {
        name: Pick(
            found.choice[row],
            why.get(name, ""),
            {m: float(w) for m, w in zip(found.members, found.weights[:, row], strict=True)},
            {c: tuple(groups[row].tolist()) for c, groups in offsets.items()},
        )
        for row, name in enumerate(found.names)
    }


def look_ahead(panel: Panel, picks: Mapping[str, Pick]) -> dict[str, tuple[tuple[float, ...], ...]]:
    """Quantiles [hours][levels] of the coming HORIZON hours of each route with a pick: finite,
    positive, in order, and not far beyond what its hours have ever taken. Only models that a pick
    needs are fitted, on the whole panel."""
    rows = [row for row, name in enumerate(panel.names) if name in picks]
    names = [panel.names[row] for row in rows]
    if not rows:
        return {}
    mine = [picks[name] for name in names]
    alone = {p.model for p in mine} - {COMBINATION}
    mixed = {m for p in mine if p.model == COMBINATION for m, w in p.weights.items() if w > 0}
    members = [m for m in mine[0].weights if m in alone | mixed]
    even: dict[str, Floats] = {}
    for forecaster in hour_forecasters(members, HORIZON):
        forecaster.fit(panel)
        raw = forecaster.predict(panel, HORIZON)[rows]
        even[forecaster.name] = _calibrated(raw, mine, forecaster.name)
    weights = np.array([[p.weights[m] for p in mine] for m in members])
    even[COMBINATION] = _calibrated(combine(even, weights), mine, COMBINATION)
    chosen = np.stack([even[p.model][row] for row, p in enumerate(mine)])
    low = np.nanmin(panel.values[rows], axis=1)[:, None, None] / BEYOND
    high = np.nanmax(panel.values[rows], axis=1)[:, None, None] * BEYOND
    chosen = np.maximum(np.clip(chosen, low, high), SHORTEST)
    return {
        name: tuple(tuple(hour) for hour in chosen[row].tolist())
        for row, name in enumerate(names)
        if np.isfinite(chosen[row]).all()
    }


def _calibrated(quantiles: Floats, picks: list[Pick], candidate: str) -> Floats:
    own = np.array([p.offsets[candidate] for p in picks])
    return apply_offsets(Offsets(np.zeros(len(LEVELS)), own), quantiles)
