"""Forecasters of a single move's minutes (the estimand "move"), under one protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from sadari.forecasting.events.clock import DAY, HOUR, local_time
from sadari.forecasting.events.history import History
from sadari.forecasting.events.kinds import ARROW
from sadari.forecasting.events.usual import ENOUGH, Usual
from sadari.forecasting.models.booster import QuantileBooster
from sadari.forecasting.models.conformal import Offsets, calibrate, errors_of
from sadari.forecasting.models.features import (
    COLUMN,
    Design,
    Vocabulary,
    features,
    learn_vocabulary,
    make_design,
)
from sadari.forecasting.models.rules import Rule
from sadari.forecasting.models.state import State, codes
from sadari.forecasting.quantiles import LEVELS, Floats, Integers, ordered

ROWS = 80_000  # newest moves that the boosters learn from
SHORTEST = 1 / 60  # minutes: no forecast is below a second
RECENT = 28 * DAY  # errors that calibrate
FEWEST = 1000  # of them, where there were any
BEYOND = 1.5  # times the longest (or shortest) ever seen: what calibration may reach


class MoveForecaster(Protocol):
    """Forecasts single moves."""

    @property
    def name(self) -> str:
        """What it is called in tables."""
        ...

    def fit(self, history: History) -> None:
        """Learns from moves that have ended."""
        ...

    def predict(self, moves: pl.DataFrame, as_of: Integers, history: History) -> Floats:
        """Quantiles of the minutes [moves, levels] from what `history` knew by `as_of`
        (milliseconds, one for each move)."""
        ...


class Empirical:
    """The quantiles of the route's own moves; of its pair, or of all, where it has few."""

    name = "route's quantiles"

    def __init__(self) -> None:
        self._tables: tuple[dict[str, Floats], dict[str, Floats], Floats] | None = None

    def fit(self, history: History) -> None:
        """Takes the quantiles."""
        done = history.done
        self._tables = (
            _quantiles(done, "route"),
            _quantiles(done.filter(pl.col("pair").str.contains(f".{ARROW}.")), "pair"),
            np.quantile(done["minutes"].to_numpy(), LEVELS),
        )

    def predict(self, moves: pl.DataFrame, as_of: Integers, history: History) -> Floats:
        """The same for every time."""
        assert self._tables is not None
        routes, pairs, every = self._tables
        rows = zip(moves["route"], moves["pair"], strict=True)
        found = [routes.get(r, pairs.get(p, every)) for r, p in rows]
        return np.array(found).reshape(-1, len(LEVELS))


class Profile:
    """Seasonal naive for moves: the route's quantiles, moved by what moves of all routes took more
    than usual at this hour of the week in the last four weeks."""

    name = "seasonal naive"

    def __init__(self) -> None:
        self._base = Empirical()
        self._shift: Floats = np.zeros(168)
        self._zone = "UTC"

    def fit(self, history: History) -> None:
        """Takes the quantiles and the week's profile."""
        self._base.fit(history)
        self._zone = history.zone
        done = history.done.filter(pl.col("start") > history.last - 28 * 24 * HOUR)
        usual = history.usual
        route, _, _ = codes(done, usual)
        more = np.log(done["minutes"].to_numpy()) - usual.level[np.maximum(route, 0)]
        hour = hour_of_week(done, self._zone)
        total = np.bincount(hour, weights=np.clip(more, -1.5, 1.5), minlength=168)
        self._shift = total / (np.bincount(hour, minlength=168) + 10)

    def predict(self, moves: pl.DataFrame, as_of: Integers, history: History) -> Floats:
        """The route's quantiles times the hour's factor."""
        shift = self._shift[hour_of_week(moves, self._zone)]
        return self._base.predict(moves, as_of, history) * np.exp(shift)[:, None]


class BoostedMoves:
    """LightGBM quantiles of how much longer than usual a move takes (logarithm), from route,
    calendar, the fleet's state, load, plans, sensors and declared rules; one model for all routes
    and for any time ahead up to a day."""

    name = "boosted"

    def __init__(self, rules: tuple[Rule, ...] = (), *, rounds: int = 100, seed: int = 0) -> None:
        self._rules, self._rounds, self._seed = rules, rounds, seed
        self.design: Design | None = None
        self._booster: QuantileBooster | None = None

    def fit(self, history: History) -> None:
        """Trains on the newest moves, half of them seen an hour ahead, half up to a day."""
        self.design = make_design(history, learn_vocabulary(history), self._rules)
        done = history.done.tail(ROWS)
        self._booster = None
        if len(done) < 10 * ENOUGH:
            return
        draw = np.random.default_rng(self._seed)
        soon = draw.random(len(done)) < 0.5
        ahead = np.where(soon, draw.random(len(done)), 24 * draw.random(len(done))) * HOUR
        as_of = done["start"].to_numpy() - ahead.astype(np.int64)
        rows = features(done, as_of, self.design, State(history, history.usual), history)
        target = np.log(done["minutes"].to_numpy()) - rows[:, COLUMN["usual level"]]
        booster = QuantileBooster(rounds=self._rounds)
        booster.fit(rows, np.clip(target, -4, 4), self.design.categorical)
        self._booster = booster

    @property
    def trees(self) -> tuple[str, ...]:
        """The trained trees as text; none where there was too little to learn."""
        return () if self._booster is None else self._booster.trees

    def restore(self, history: History, trees: tuple[str, ...], vocabulary: Vocabulary) -> None:
        """The trees that `fit` gave, with everything that is only counted from this history, which
        may have grown since."""
        self.design = make_design(history, vocabulary, self._rules)
        self._booster = QuantileBooster.of(trees) if trees else None

    def predict(self, moves: pl.DataFrame, as_of: Integers, history: History) -> Floats:
        """Quantiles in minutes; the route's own spread where there was too little to learn."""
        assert self.design is not None
        rows = features(moves, as_of, self.design, State(history, self.design.usual), history)
        return self.from_features(rows)

    def from_features(self, rows: Floats) -> Floats:
        """Quantiles in minutes of rows of features."""
        from scipy.special import ndtri

        if self._booster is None:
            more = rows[:, [COLUMN["usual spread"]]] * ndtri(LEVELS)
        else:
            more = self._booster.predict(rows)
        level = rows[:, [COLUMN["usual level"]]]
        found: Floats = np.exp(np.clip(level + more, -10, 20))
        return found

    def reasons(self, rows: Floats) -> Floats | None:
        """What each feature adds to the logarithm of the median [rows, columns + 1]."""
        return None if self._booster is None else self._booster.reasons(rows)


@dataclass(frozen=True)
class Errors:
    """How far forecasts of moves were off, in widths of their 80 % intervals [moves, levels], by
    route (a number) and by when the move ended (UTC milliseconds)."""

    away: Floats
    route: Integers
    end: Integers

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            np.concatenate([self.away, other.away]),
            np.concatenate([self.route, other.route]),
            np.concatenate([self.end, other.end]),
        )

    def known(self, at: int) -> Errors:
        """Those of the moves that had ended by then: of the last four weeks, or the newest
        thousand where those are fewer."""
        rows = np.flatnonzero(self.end <= at)
        rows = rows[np.argsort(self.end[rows], kind="stable")]
        recent = int((self.end[rows] > at - RECENT).sum())
        rows = rows[len(rows) - max(recent, min(FEWEST, len(rows))) :]
        return Errors(self.away[rows], self.route[rows], self.end[rows])


NO_ERRORS = Errors(np.zeros((0, len(LEVELS))), np.zeros(0, np.int64), np.zeros(0, np.int64))


class Calibrated:
    """A forecaster with its quantiles calibrated, in logarithms, by how far its latest forecasts
    were off: first those of the newest fifth of the history, made by a fit that had not seen it;
    then, day by day, what has come since. What changes for weeks (winds, a bay that is rebuilt) is
    so followed without a new fit (rolling conformal calibration; Gibbs and Candès 2021, Adaptive
    Conformal Inference Under Distribution Shift)."""

    def __init__(self, inner: MoveForecaster) -> None:
        self.inner = inner
        self.errors = NO_ERRORS
        self._usual: Usual | None = None
        self._until = 0  # what ended by then has its error counted
        self._fitted = 0
        self._offsets: dict[int, Offsets] = {}

    @property
    def name(self) -> str:
        """The inner forecaster's name."""
        return self.inner.name

    def fit(self, history: History) -> None:
        """Fits, measures the errors, fits again."""
        done = history.done
        newest = done.tail(max(len(done) // 5, 1))
        before = history.until(int(newest["start"][0]))
        self._begin(history.usual, history.last, NO_ERRORS)
        # moves that all start at once leave none that was known before
        if len(done) >= 20 * ENOUGH and len(before.done) >= ENOUGH:
            self.inner.fit(before)
            self.errors = self._measure(newest, history).known(history.last)
        self.inner.fit(history)

    def restore(self, usual: Usual, errors: Errors, routes: Sequence[str], until: int) -> None:
        """What `fit` left, but for the inner forecaster: `errors` are those of `routes`, made by
        the time `until`."""
        number = np.array([usual.routes.get(name, -1) for name in routes], dtype=np.int64)
        route = np.where(errors.route < 0, -1, np.append(number, -1)[errors.route])
        self._begin(usual, until, Errors(errors.away, route, errors.end))

    def predict(self, moves: pl.DataFrame, as_of: Integers, history: History) -> Floats:
        """Calibrated quantiles in minutes, finite, positive and in order."""
        return self.calibrated(self.inner.predict(moves, as_of, history), moves, as_of, history)

    def calibrated(
        self, quantiles: Floats, moves: pl.DataFrame, as_of: Integers, history: History
    ) -> Floats:
        """The inner forecaster's quantiles, calibrated by the errors that were known when the day
        of `as_of` began. Offsets are in widths of an interval: what narrow ones missed by far would
        send wide ones to the moon, so none goes far beyond what moves have ever taken."""
        assert self._usual is not None
        route, _, _ = codes(moves, self._usual)
        days = np.maximum(as_of // DAY * DAY, self._fitted)
        self._follow(history, int(days.max(initial=0)))
        logs = np.log(np.maximum(quantiles, SHORTEST))
        for day in np.unique(days):
            rows = days == day
            logs[rows] = self._offsets_at(int(day)).apply(logs[rows], route[rows])
        low, high = self._usual.seen
        logs = np.clip(logs, low - np.log(BEYOND), high + np.log(BEYOND))
        return ordered(np.maximum(np.exp(logs), SHORTEST))

    def _begin(self, usual: Usual, until: int, errors: Errors) -> None:
        self._usual, self.errors, self._offsets = usual, errors, {}
        self._until = self._fitted = until

    def _follow(self, history: History, until: int) -> None:
        """Counts the errors of moves that ended since."""
        if until <= self._until:
            return
        ended = pl.col("end").is_between(self._until, until, closed="right")
        fresh = history.done.filter(ended)
        self._until = until
        if len(fresh):
            self.errors += self._measure(fresh, history)

    def _measure(self, moves: pl.DataFrame, history: History) -> Errors:
        assert self._usual is not None
        # known half an hour before, as most forecasts are wanted
        as_of = moves["start"].to_numpy() - HOUR // 2
        quantiles = np.log(np.maximum(self.inner.predict(moves, as_of, history), SHORTEST))
        away = errors_of(quantiles, np.log(moves["minutes"].to_numpy()))
        away = away.astype(np.float32).astype(np.float64)  # as they are kept
        route, _, _ = codes(moves, self._usual)
        sound = np.isfinite(away).all(axis=1)
        return Errors(away[sound], route[sound], moves["end"].to_numpy()[sound])

    def _offsets_at(self, at: int) -> Offsets:
        assert self._usual is not None
        if at not in self._offsets:
            known, routes = self.errors.known(at), len(self._usual.routes)
            # moves of one day hang together
            self._offsets[at] = calibrate(known.away, known.route, routes, known.end // DAY)
        return self._offsets[at]


def hour_of_week(moves: pl.DataFrame, zone: str) -> Integers:
    """The local hour of the week in which moves start, Monday's first 0."""
    at = local_time("start", zone)
    found = moves.select(((at.dt.weekday().cast(pl.Int64) - 1) * 24 + at.dt.hour()).alias("h"))["h"]
    return found.to_numpy().astype(np.int64)


def _quantiles(done: pl.DataFrame, key: str) -> dict[str, Floats]:
    levels = [pl.col("minutes").quantile(q, "linear").alias(str(q)) for q in LEVELS]
    table = (
        done.group_by(key).agg(*levels, pl.len().alias("count")).filter(pl.col("count") >= ENOUGH)
    )
    names = [str(q) for q in LEVELS]
    return {row[0]: np.array(row[1:]) for row in table.select(key, *names).iter_rows()}
