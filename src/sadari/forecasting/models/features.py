"""What is known about a move before it starts, as columns of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from sadari.forecasting.events.clock import HOUR, local_hours, local_time
from sadari.forecasting.events.history import History
from sadari.forecasting.events.usual import Usual
from sadari.forecasting.models.plans import planned
from sadari.forecasting.models.rules import Rule, applies
from sadari.forecasting.models.state import State, codes
from sadari.forecasting.quantiles import Floats, Integers

SENSORS = 6
PLANS = 4

# A feature's name → the thing that it speaks of, which is what a person is told.
BASE: dict[str, str] = {
    "route": "route",
    "source": "route",
    "destination": "route",
    "usual level": "route",
    "usual spread": "route",
    "priority": "priority",
    "minute of day": "time of day",
    "weekday": "weekday",
    "hours ahead": "hours ahead",
    "fleet, last hour": "fleet lately",
    "fleet, last 3 hours": "fleet lately",
    "fleet, last day": "fleet lately",
    "fleet, last week": "fleet lately",
    "from source, last 3 hours": "source lately",
    "to destination, last 3 hours": "destination lately",
    "route, last 3 hours": "route lately",
    "route, last day": "route lately",
    "route, last 4 weeks": "route lately",
    "fleet, same hour of the last day": "this hour of the day lately",
    "fleet, same hour of the last week": "this hour of the week lately",
    "route, same hour lately": "this hour of the day lately",
    "load, last hour": "load",
    "load of the source, last hour": "load",
}
COLUMN = {name: number for number, name in enumerate(BASE)}


@dataclass(frozen=True)
class Vocabulary:
    """The names behind a model's columns, as they were when it was fitted: what came later is
    unknown to it."""

    routes: tuple[str, ...]
    places: tuple[str, ...]
    priorities: tuple[str, ...]
    plans: tuple[str, ...]  # kinds of the schedule
    sensors: tuple[str, ...]


@dataclass(frozen=True)
class Design:
    """Everything that turns moves into features: made from what is known by a time."""

    usual: Usual
    vocabulary: Vocabulary
    rules: tuple[Rule, ...]  # their conditions are features; their minutes are learnt
    zone: str

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of the columns."""
        plans = [
            f"{kind} {where}"
            for kind in self.plans
            for where in ("at the source", "at the destination")
        ]
        return (*BASE, *plans, *self.vocabulary.sensors, *(rule.id for rule in self.rules))

    @property
    def factors(self) -> tuple[str | Rule, ...]:
        """For each column the thing that it speaks of."""
        plans = [kind for kind in self.plans for _ in range(2)]
        return (*BASE.values(), *plans, *self.vocabulary.sensors, *self.rules)

    @property
    def plans(self) -> tuple[str, ...]:
        """Kinds of planned items that are columns."""
        return self.vocabulary.plans

    @property
    def categorical(self) -> tuple[int, ...]:
        """Columns whose numbers are names."""
        return tuple(COLUMN[n] for n in ("route", "source", "destination", "priority"))

    @cached_property
    def route_numbers(self) -> Floats:
        """The model's number of each of the usual's routes, NaN where it knows none."""
        return _numbers(self.usual.routes, self.vocabulary.routes)

    @cached_property
    def place_numbers(self) -> Floats:
        """The model's number of each of the usual's places."""
        return _numbers(self.usual.places, self.vocabulary.places)

    @cached_property
    def priority_numbers(self) -> dict[str, float]:
        """The model's number of each priority."""
        return {name: float(i) for i, name in enumerate(self.vocabulary.priorities)}


def learn_vocabulary(history: History) -> Vocabulary:
    """The names of a history; kinds and sensors are those most often seen."""
    kinds = history.schedule["kind"].value_counts(sort=True)["kind"].head(PLANS).to_list()
    sensors = history.readings["sensor"].value_counts(sort=True)["sensor"].head(SENSORS).to_list()
    return Vocabulary(
        tuple(history.usual.routes),
        tuple(history.usual.places),
        tuple(sorted(history.moves["priority"].unique().to_list())),
        tuple(sorted(kinds)),
        tuple(sorted(sensors)),
    )


def make_design(history: History, vocabulary: Vocabulary, rules: tuple[Rule, ...] = ()) -> Design:
    """The design for a history. Rules about planned items are no columns: the items are."""
    unplanned = tuple(rule for rule in rules if rule.schedule is None)
    return Design(history.usual, vocabulary, unplanned, history.zone)


def features(
    moves: pl.DataFrame, as_of: Integers, design: Design, state: State, history: History
) -> Floats:
    """Columns [moves, design.names] from what was known by the whole hour before `as_of`
    (milliseconds, one for each move). They need route, source, destination, start, priority."""
    usual = design.usual
    route, source, target = codes(moves, usual)
    start = moves["start"].to_numpy().astype(np.int64)
    now = local_hours(as_of, design.zone) - state.first
    hour = local_hours(start, design.zone) - state.first
    local = moves.select(local_time("start", design.zone).alias("at"))["at"]
    minute = (local.dt.hour().cast(pl.Int64) * 60 + local.dt.minute()).to_numpy()
    weekday = local.dt.weekday().to_numpy().astype(np.int64) - 1
    fallback = [usual.of(r, p) for r, p in _unknown(moves, route)]
    level, spread = (
        usual.level[np.maximum(route, 0)].copy(),
        usual.spread[np.maximum(route, 0)].copy(),
    )
    if fallback:
        level[route < 0] = [f[0] for f in fallback]
        spread[route < 0] = [f[1] for f in fallback]
    zero = np.zeros(len(start), dtype=np.int64)
    day = hour - 24 * np.maximum(-((now - hour - 2) // 24), 1)  # the last like hour that is over
    week = hour - 168 * np.maximum(-((now - hour - 2) // 168), 1)
    like = [state.route[0].between(route, day - 24 * k, day - 24 * k + 2) for k in range(14)]
    many = [state.route[1].between(route, day - 24 * k, day - 24 * k + 2) for k in range(14)]
    priority = moves["priority"].replace_strict(
        design.priority_numbers, default=np.nan, return_dtype=pl.Float64
    )
    columns = [
        _at(design.route_numbers, route), _at(design.place_numbers, source),
        _at(design.place_numbers, target), level, spread, priority.to_numpy(),
        minute, weekday, np.maximum(start - as_of, 0) / HOUR,
        state.surprise(state.fleet, zero, now - 1, now),
        state.surprise(state.fleet, zero, now - 3, now),
        state.surprise(state.fleet, zero, now - 24, now),
        state.surprise(state.fleet, zero, now - 168, now),
        state.surprise(state.source, source, now - 3, now),
        state.surprise(state.target, target, now - 3, now),
        state.surprise(state.route, route, now - 3, now),
        state.surprise(state.route, route, now - 24, now),
        state.surprise(state.route, route, now - 672, now),
        state.surprise(state.fleet, zero, day - 1, day + 2),
        state.surprise(state.fleet, zero, week - 1, week + 2),
        np.sum(like, axis=0) / (np.sum(many, axis=0) + 2.0),
        state.load.between(zero, now - 1, now) / state.busy,
        state.load_here.between(source, now - 1, now),
    ]  # fmt: skip
    for kind in design.plans:
        for place in ("source", "destination"):
            columns.append(planned(moves, place, history.schedule, kind))
    columns += _sensed(moves, as_of, design, history.readings)
    columns += [applies(rule, moves, history.schedule, design.zone) for rule in design.rules]
    return np.column_stack([np.asarray(c, dtype=np.float64) for c in columns])


def _numbers(names: Mapping[str, int], vocabulary: Sequence[str]) -> Floats:
    known = {name: float(i) for i, name in enumerate(vocabulary)}
    return np.array([known.get(name, np.nan) for name in names])


def _at(numbers: Floats, index: Integers) -> Floats:
    """The number at each index, NaN at −1."""
    return np.where(index >= 0, numbers[np.maximum(index, 0)], np.nan)


def _unknown(moves: pl.DataFrame, route: Integers) -> list[tuple[str, str]]:
    rows = moves.filter(pl.Series(route < 0))
    return list(zip(rows["route"], rows["pair"], strict=True))


def _sensed(
    moves: pl.DataFrame, as_of: Integers, design: Design, readings: pl.DataFrame
) -> list[Floats]:
    """For each sensor its last value by `as_of` (within a day), at the source and the destination
    (their mean), or from wherever it stands when it names no place of the moves."""
    columns = []
    low, high = int(as_of.min()) - 24 * HOUR, int(as_of.max())
    begin, end = (int(readings["at"].search_sorted(x)) for x in (low, high + 1))
    readings = readings.slice(begin, end - begin)
    for sensor in design.vocabulary.sensors:
        rows = readings.filter((pl.col("sensor") == sensor) & pl.col("value").is_not_null())
        rows = rows.select("place", "at", "value").sort("at")
        seen: list[Floats] = []
        places = set(rows["place"].unique())
        for side in ("source", "destination"):
            wanted = pl.DataFrame({"row": np.arange(len(moves)), "at": as_of, "place": moves[side]})
            if places.isdisjoint(design.usual.places):
                joined = wanted.sort("at").join_asof(
                    rows.select("at", "value"), on="at", strategy="backward", tolerance=24 * HOUR
                )
            else:
                joined = wanted.sort("at").join_asof(
                    rows, on="at", by="place", strategy="backward", tolerance=24 * HOUR,
                    check_sortedness=False,
                )  # fmt: skip
            seen.append(joined.sort("row")["value"].cast(pl.Float64).fill_null(np.nan).to_numpy())
        both = np.stack(seen)
        count = (~np.isnan(both)).sum(axis=0)
        total = np.nan_to_num(both).sum(axis=0)
        columns.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    return columns
