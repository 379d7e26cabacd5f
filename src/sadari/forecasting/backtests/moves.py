"""Rolling origins for single moves: each stretch of days is forecast by models fitted before it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from sadari.forecasting.backtests.hours import CHOSEN
from sadari.forecasting.errors import ForecastError
from sadari.forecasting.events.clock import DAY, HOUR
from sadari.forecasting.events.history import History
from sadari.forecasting.models.combination import COMBINATION, best_of_all, choose, pulled, weigh
from sadari.forecasting.models.members import Members
from sadari.forecasting.models.moves import MoveForecaster
from sadari.forecasting.quantiles import Floats, Integers, crps, ordered

SOON = HOUR // 2
Watch = Callable[[int, int], None]


@dataclass(frozen=True)
class MoveBacktest:
    """What each candidate forecast: quantiles [moves, levels], with the actual minutes and the
    route of each move (a number into `names`)."""

    names: tuple[str, ...]
    route: Integers
    start: Integers
    actual: Floats
    forecasts: Mapping[str, Floats]
    scale: Floats  # [routes]: mean absolute distance of minutes from the route's median before
    seconds: Mapping[str, float]
    choice: tuple[str, ...]
    weights: Floats  # [members, routes]
    members: tuple[str, ...]
    relative: Floats  # [candidates, routes]


def backtest_moves(
    history: History,
    forecasters: Sequence[MoveForecaster] | None = None,
    *,
    folds: int = 4,
    fold_days: float = 7,
    ahead: int = SOON,
    watch: Watch = lambda done, total: None,
) -> MoveBacktest:
    """Forecasts the last `folds` stretches of `fold_days`, each move from what was known `ahead`
    milliseconds before its start. The first stretch only warms weights and choice up and is not
    scored. Raises ForecastError when less history than that lies before."""
    forecasters = Members.make().calibrated if forecasters is None else forecasters
    members = tuple(f.name for f in forecasters)
    candidates = (*members, COMBINATION)
    done = history.done
    length = int(fold_days * DAY)
    cuts = [history.last + 1 - length * k for k in range(folds + 1, -1, -1)]
    if len(history.until(cuts[0]).done) < 100:
        todo = "Bring more days of moves, or fewer --folds."
        raise ForecastError(
            "there are fewer than 100 finished moves before the backtest.", todo=todo
        )
    names = tuple(done["route"].unique().sort())
    number = {name: i for i, name in enumerate(names)}
    seconds = dict.fromkeys(members, 0.0)
    parts: list[tuple[Integers, Integers, Floats, dict[str, Floats]]] = []
    for k, (begin, end) in enumerate(pairwise(cuts)):
        past = history.until(begin)
        moves = done.filter((pl.col("start") >= begin) & (pl.col("start") < end))
        if moves.is_empty():  # only moves that began long before ended here
            watch(k + 1, len(cuts) - 1)
            continue
        route = moves["route"].replace_strict(number, return_dtype=pl.Int64).to_numpy()
        actual = moves["minutes"].to_numpy()
        as_of = moves["start"].to_numpy() - ahead
        made: dict[str, Floats] = {}
        for forecaster in forecasters:
            began = time.process_time()
            forecaster.fit(past)
            made[forecaster.name] = forecaster.predict(moves, as_of, history)
            seconds[forecaster.name] += time.process_time() - began
        scores, counts = _scores(parts, members, len(names))
        weights = weigh(scores, counts)
        made[COMBINATION] = mix(made, members, weights, route)
        scores, counts = _scores(parts, candidates, len(names))
        unknown = best_of_all(scores, counts, candidates)
        picked = choose(scores, counts, candidates, unknown)
        made[CHOSEN] = _pick(made, candidates, picked, route)
        parts.append((route, moves["start"].to_numpy(), actual, made))
        watch(k + 1, len(cuts) - 1)
    if len(parts) < 2:
        todo = "Bring more days of moves, or fewer --folds."
        raise ForecastError("too few stretches of the backtest have moves.", todo=todo)
    scores, counts = _scores(parts, candidates, len(names))
    seconds[COMBINATION] = sum(seconds.values())
    scored = parts[1:]
    return MoveBacktest(
        names,
        np.concatenate([p[0] for p in scored]),
        np.concatenate([p[1] for p in scored]),
        np.concatenate([p[2] for p in scored]),
        {n: np.concatenate([p[3][n] for p in scored]) for n in (*candidates, CHOSEN)},
        _scale(done.filter(pl.col("start") < cuts[1]), names),
        seconds,
        choose(scores, counts, candidates, best_of_all(scores, counts, candidates)),
        weigh(scores[:-1], counts),
        members,
        pulled(scores, counts),
    )


def mix(
    made: Mapping[str, Floats], members: Sequence[str], weights: Floats, route: Integers
) -> Floats:
    """The members' quantiles averaged in logarithms by each route's weights."""
    known = weights.sum(axis=0) > 0
    even = np.full(len(members), 1 / len(members))
    found = 0.0
    for row, name in enumerate(members):
        weight = np.where(known[route], weights[row, route], even[row])
        found = found + weight[:, None] * np.log(made[name])
    return ordered(np.exp(found))


def _scores(
    parts: Sequence[tuple[Integers, Integers, Floats, dict[str, Floats]]],
    names: Sequence[str],
    routes: int,
) -> tuple[Floats, Floats]:
    """Mean CRPS [names, routes] and moves [routes] of the stretches so far."""
    counts = np.zeros(routes)
    totals = np.zeros((len(names), routes))
    for route, _, actual, made in parts:
        counts += np.bincount(route, minlength=routes)
        for row, name in enumerate(names):
            totals[row] += np.bincount(route, weights=crps(made[name], actual), minlength=routes)
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan), counts


def _pick(
    made: Mapping[str, Floats], candidates: Sequence[str], choice: Sequence[str], route: Integers
) -> Floats:
    stacked = np.stack([made[name] for name in candidates])
    index = np.array([candidates.index(name) for name in choice])
    found: Floats = stacked[index[route], np.arange(len(route))]
    return found


def _scale(before: pl.DataFrame, names: Sequence[str]) -> Floats:
    middle = pl.col("minutes").median().over("route")
    table = before.with_columns(away=(pl.col("minutes") - middle).abs())
    by_route = dict(table.group_by("route").agg(pl.col("away").mean()).iter_rows())
    every = float(table["away"].mean() or 1.0)  # type: ignore[arg-type]
    return np.array([max(by_route.get(n) or every, 1e-3) for n in names])
