"""What the fleet is doing: how much longer moves take than usual on their route, by the hour in
which they ended, and how many set out. Looked up for a time, it shows only what was known then.
Hours are those of the local clock, so that the same hour of another day is the same for people."""

from __future__ import annotations

import numpy as np
import polars as pl

from sadari.forecasting.events.clock import local_hours
from sadari.forecasting.events.history import History
from sadari.forecasting.events.usual import Usual
from sadari.forecasting.quantiles import Floats, Integers

CELLS = 30_000_000  # keys × hours of one table at most; beyond, the oldest hours are left out
CAP = 1.5  # a single move's surprise counts at most this much (logarithm)
FEW = 3.0  # moves that "as usual" counts for


class Rolling:
    """Sums by key and hour, read as sums over the last hours before any hour."""

    def __init__(
        self, keys: Integers, hours: Integers, values: Floats, size: int, span: int
    ) -> None:
        table = np.zeros((size, span + 1), dtype=np.float64)
        np.add.at(table, (keys, hours + 1), values)
        self._sums = table.cumsum(axis=1)
        self._span = span

    def between(self, key: Integers, begin: Integers, end: Integers) -> Floats:
        """Sums over the hours from `begin` to before `end`; hours that are not there count 0."""
        known = key >= 0
        key = np.where(known, key, 0)
        low = self._sums[key, np.clip(begin, 0, self._span)]
        high = self._sums[key, np.clip(end, 0, self._span)]
        return np.where(known, high - low, 0.0)


class State:
    """Surprises and loads of a history, by fleet, place and route."""

    def __init__(self, history: History, usual: Usual) -> None:
        done = history.done
        self.usual = usual
        keys = max(len(usual.routes), len(usual.places), 1)
        begun = local_hours(history.moves["start"].to_numpy(), history.zone)
        ended = local_hours(done["end"].to_numpy(), history.zone)
        last = int(max(begun.max(), ended.max(initial=begun.max())))
        self.first = max(int(begun.min()), last - CELLS // keys)
        span = last - self.first + 1
        done, ended = done.filter(ended >= self.first), ended[ended >= self.first] - self.first
        route, source, target = codes(done, usual)
        level = np.where(route >= 0, usual.level[np.maximum(route, 0)], usual.everywhere[0])
        surprise = np.clip(np.log(done["minutes"].to_numpy()) - level, -CAP, CAP)
        ones = np.ones(len(surprise))
        fleet = np.zeros(len(surprise), dtype=np.int64)
        places = max(len(usual.places), 1)

        def both(keys: Integers, size: int) -> tuple[Rolling, Rolling]:
            use = keys >= 0
            return (
                Rolling(keys[use], ended[use], surprise[use], size, span),
                Rolling(keys[use], ended[use], ones[use], size, span),
            )

        self.fleet = both(fleet, 1)
        self.source = both(source, places)
        self.target = both(target, places)
        self.route = both(route, max(len(usual.routes), 1))
        started = begun[begun >= self.first] - self.first
        _, from_place, _ = codes(history.moves.filter(begun >= self.first), usual)
        some = from_place >= 0
        self.load = Rolling(
            np.zeros(len(started), dtype=np.int64), started, np.ones(len(started)), 1, span
        )
        self.load_here = Rolling(
            from_place[some], started[some], np.ones(int(some.sum())), places, span
        )
        self.busy = max(len(started) / span, 1e-9)

    def surprise(
        self, pair: tuple[Rolling, Rolling], key: Integers, begin: Integers, end: Integers
    ) -> Floats:
        """The mean surprise of moves that ended in these hours, drawn to none."""
        total = pair[0].between(key, begin, end)
        return total / (pair[1].between(key, begin, end) + FEW)


def codes(moves: pl.DataFrame, usual: Usual) -> tuple[Integers, Integers, Integers]:
    """Numbers of route, source and destination of each move; −1 for one that was not seen."""

    def number(column: str, known: dict[str, int]) -> Integers:
        if not known:
            return np.full(len(moves), -1, dtype=np.int64)
        if len(moves) < 50:  # a query costs more than so many look-ups
            return np.array([known.get(name, -1) for name in moves[column]], dtype=np.int64)
        found = moves[column].replace_strict(known, default=-1, return_dtype=pl.Int64)
        return found.to_numpy().astype(np.int64)

    return (
        number("route", usual.routes),
        number("source", usual.places),
        number("destination", usual.places),
    )
