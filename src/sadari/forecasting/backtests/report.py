"""A backtest as numbers: each model overall, each route with the model that did best and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sadari.forecasting.backtests.hours import CHOSEN, HourBacktest
from sadari.forecasting.backtests.moves import MoveBacktest
from sadari.forecasting.models.combination import COMBINATION
from sadari.forecasting.quantiles import HIGH, LOW, MIDDLE, Floats, covered, crps, interval_score

Estimand = Literal["move", "route_hour"]


@dataclass(frozen=True)
class Row:
    """How a model did: `mase` and `scaled_crps` in units of the series' own scale, `width` and
    `interval_score` of the 80 % interval in minutes, `coverage` a share."""

    model: str
    n: int
    mase: float
    scaled_crps: float
    coverage: float
    width: float
    interval_score: float
    seconds: float | None = None


@dataclass(frozen=True)
class RouteRow:
    """What did best on a route in this backtest, and how the models chosen at the time did on it;
    of a route-hour also in how many hours no move started."""

    route: str
    model: str
    why: str
    scored: Row
    empty_hours: int | None = None


@dataclass(frozen=True)
class Summary:
    """One estimand's backtest. Of route-hours, `hours` are all that lie on record, and
    `empty_hours` those without a move: unknown, no zeros, and never scored."""

    estimand: Estimand
    models: tuple[Row, ...]
    routes: tuple[RouteRow, ...]
    hours: int | None = None
    empty_hours: int | None = None


def summarise_hours(found: HourBacktest) -> Summary:
    """The numbers of a backtest of route-hours."""
    series = np.broadcast_to(np.arange(len(found.names))[:, None], found.actual.shape[1:])
    group = np.broadcast_to(series, found.actual.shape).reshape(-1)
    flat = {n: f.reshape(-1, f.shape[-1]) for n, f in found.forecasts.items()}
    made = _summary("route_hour", found, flat, found.actual.reshape(-1), group)
    empty = dict(zip(found.names, found.empty.tolist(), strict=True))
    return replace(
        made,
        routes=tuple(replace(row, empty_hours=empty[row.route]) for row in made.routes),
        hours=found.hours * len(found.names),
        empty_hours=sum(empty.values()),
    )


def summarise_moves(found: MoveBacktest) -> Summary:
    """The numbers of a backtest of single moves."""
    return _summary("move", found, found.forecasts, found.actual, found.route)


def _summary(
    estimand: Estimand,
    found: HourBacktest | MoveBacktest,
    forecasts: Mapping[str, Floats],
    actual: Floats,
    group: Any,
) -> Summary:
    scale = found.scale[group]
    use = _judged(forecasts, actual)
    order = [*found.members, COMBINATION, CHOSEN]
    models = tuple(
        _row(n, forecasts[n][use], actual[use], scale[use], found.seconds.get(n)) for n in order
    )
    routes = []
    for number, name in enumerate(found.names):
        mine = use & (group == number)
        if mine.any():
            model = found.choice[number]
            scored = _row(CHOSEN, forecasts[CHOSEN][mine], actual[mine], scale[mine], None)
            routes.append(RouteRow(name, model, _why(found, number, int(mine.sum())), scored))
    return Summary(estimand, models, tuple(routes))


def _judged(forecasts: Mapping[str, Floats], actual: Floats) -> NDArray[np.bool_]:
    """The targets that came and for which every model has a forecast: all are judged on them."""
    use = np.isfinite(actual)
    for quantiles in forecasts.values():
        use &= np.isfinite(quantiles).all(axis=-1)
    return use


def _row(
    model: str, quantiles: Floats, actual: Floats, scale: Floats, seconds: float | None
) -> Row:
    def mean(values: Floats) -> float:
        return round(float(np.mean(values)), 4) if len(values) else float("nan")

    return Row(
        model,
        len(actual),
        mean(np.abs(quantiles[:, MIDDLE] - actual) / scale),
        mean(crps(quantiles, actual) / scale),
        mean(covered(quantiles, actual)),
        mean(quantiles[:, HIGH] - quantiles[:, LOW]),
        mean(interval_score(quantiles, actual)),
        None if seconds is None else round(seconds, 2),
    )


def whys(found: HourBacktest) -> dict[str, str]:
    """Why each route has its model, as its summary says; none for a route without targets."""
    targets = _judged(found.forecasts, found.actual).sum(axis=(0, 2))
    names = enumerate(zip(found.names, targets, strict=True))
    return {name: _why(found, row, int(n)) for row, (name, n) in names if n}


def _why(found: HourBacktest | MoveBacktest, number: int, targets: int) -> str:
    names = (*found.members, COMBINATION)
    scores = found.relative[:, number]
    model = found.choice[number]
    if not np.isfinite(scores).any():
        return "no score yet: the best over all routes"
    ranked = sorted(
        (s, n) for s, n in zip(scores, names, strict=True) if np.isfinite(s) and n != model
    )
    own = float(scores[names.index(model)])
    if not ranked or not np.isfinite(own):
        return "the only one with a score"
    lead, other = 100 * (ranked[0][0] / own - 1), ranked[0][1]
    text = f"CRPS {lead:.1f} % below {other}, the next best, over {targets} targets"
    if lead < 0:
        text = f"CRPS {-lead:.1f} % above {other}, which may be luck over {targets} targets"
    if model == COMBINATION:
        parts = sorted(zip(found.weights[:, number], found.members, strict=True), reverse=True)
        text += "; " + " + ".join(f"{w:.2f} {n}" for w, n in parts if w > 0)
    return text


def as_dict(summaries: list[Summary]) -> dict[str, Any]:
    """Plain data, ready for JSON."""
    return {summary.estimand: asdict(summary) for summary in summaries}
