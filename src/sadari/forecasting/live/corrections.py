"""Corrections of a forecast for what is planned: bounded, cited, only where they have earned it.

A correction is proposed for a planned item at either end of a route, by a declared rule or by a
model. It cites the item; without the item there is none. A backtest on past moves during items of
that kind decides whether corrections of the kind are applied at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from sadari.forecasting.backtests.hours import CHOSEN
from sadari.forecasting.backtests.moves import MoveBacktest
from sadari.forecasting.events.clock import DAY
from sadari.forecasting.events.history import History
from sadari.forecasting.events.kinds import ARROW
from sadari.forecasting.live.forecast import Adjustment
from sadari.forecasting.models.moves import SHORTEST
from sadari.forecasting.models.rules import Rule
from sadari.forecasting.quantiles import MIDDLE, Floats, crps, ordered
from sadari.stats import Interval

MOST = 2.0  # a correction adds at most so many times the median, and never leaves less than a third
LEAST_DAYS = 5

Source = Literal["rule", "model"]
# A planned item (kind, place, note) and the median's minutes → minutes to add, or None.
Proposer = Callable[[Mapping[str, str], float], float | None]


@dataclass(frozen=True)
class Trial:
    """What corrections of a kind did to the CRPS of moves during such items: base less corrected,
    in minutes, so that above zero is a gain."""

    gain: Interval
    moves: int
    days: int

    @property
    def pays(self) -> bool:
        """Whether the interval of the gain lies above zero."""
        return self.gain.low > 0


@dataclass(frozen=True)
class Earned:
    """The trial of each kind of planned item."""

    trials: Mapping[str, Trial]

    def pays(self, kind: str) -> bool:
        """Whether corrections of this kind are applied."""
        return kind in self.trials and self.trials[kind].pays


def by_rules(rules: tuple[Rule, ...]) -> Proposer:
    """Proposes what the rules declare about a kind of item."""

    def propose(item: Mapping[str, str], median: float) -> float | None:
        minutes = [rule.minutes for rule in rules if rule.schedule == item["kind"]]
        return sum(minutes) if minutes else None

    return propose


def bounded(minutes: float, median: float) -> float:
    """The minutes clamped to what a correction may do."""
    return float(np.clip(minutes, -2 / 3 * median, MOST * median))


def proposals(
    move: pl.DataFrame, schedule: pl.DataFrame, rules: tuple[Rule, ...], earned: Earned
) -> tuple[Adjustment, ...]:
    """The corrections that the rules propose for one move, each with the item that it cites."""
    propose = by_rules(rules)
    found = []
    for item in items_at(move, schedule):
        minutes = propose(item, 0.0)
        if minutes is not None:
            text = next(rule.text for rule in rules if rule.schedule == item["kind"])
            found.append(Adjustment(minutes, "rule", text, item["id"], earned.pays(item["kind"])))
    return tuple(found)


def items_at(move: pl.DataFrame, schedule: pl.DataFrame) -> list[dict[str, str]]:
    """Planned items at either end of a move when it starts."""
    at = int(move["start"][0])
    places = [move["source"][0], move["destination"][0], ""]
    now = schedule.filter(
        (pl.col("start") <= at) & (pl.col("end") > at) & pl.col("place").fill_null("").is_in(places)
    )
    return [
        {n: str(row[n] or "") for n in ("id", "kind", "place", "note")} for row in now.to_dicts()
    ]


def adjust(quantiles: Floats, proposed: tuple[Adjustment, ...]) -> Floats:
    """Quantiles [levels] with the applied corrections added, positive and in order."""
    minutes = sum(a.minutes for a in proposed if a.applied)
    moved = quantiles + bounded(minutes, float(quantiles[MIDDLE]))
    return ordered(np.maximum(moved, SHORTEST))


def earn(tried: MoveBacktest, history: History, rules: tuple[Rule, ...]) -> Earned:
    """A trial of the rules' corrections for every kind of item, on a backtest's moves."""
    kinds = {rule.schedule for rule in rules if rule.schedule is not None}
    trials = {k: trial(tried, history, k, by_rules(rules)) for k in sorted(kinds)}
    return Earned({k: t for k, t in trials.items() if t is not None})


def trial(tried: MoveBacktest, history: History, kind: str, propose: Proposer) -> Trial | None:
    """Corrections of a kind beside the chosen forecast, on the moves of a backtest that started
    during an item of that kind: a paired interval with days as clusters. None with too few days."""
    base, corrected, day = [], [], []
    for item in history.schedule.filter(pl.col("kind") == kind).to_dicts():
        ends = np.array([set(name.split(ARROW)) & {item["place"]} != set() for name in tried.names])
        here = ends if item["place"] else np.ones(len(tried.names), dtype=bool)
        during = (tried.start >= item["start"]) & (tried.start < item["end"]) & here[tried.route]
        quantiles, actual = tried.forecasts[CHOSEN][during], tried.actual[during]
        fields = {n: str(item[n] or "") for n in ("id", "kind", "place", "note")}
        for row, minutes in zip(quantiles, actual, strict=True):
            wanted = propose(fields, float(row[MIDDLE]))
            moved = row if wanted is None else row + bounded(wanted, float(row[MIDDLE]))
            base.append(float(crps(row, np.array(minutes))))
            corrected.append(float(crps(np.maximum(moved, SHORTEST), np.array(minutes))))
            day.append(int(item["start"]) // DAY)
    if len(set(day)) < LEAST_DAYS:
        return None
    gain = np.array(base) - np.array(corrected)
    return Trial(_clustered(gain, np.array(day)), len(gain), len(set(day)))


def _clustered(values: Floats, cluster: Floats) -> Interval:
    """The mean with a t interval over the clusters' sums."""
    from scipy.stats import t

    names, index = np.unique(cluster, return_inverse=True)
    mean = float(values.mean())
    sums = np.bincount(index, weights=values - mean)
    g = len(names)
    error = float(np.sqrt(g / (g - 1) * np.sum(sums**2)) / len(values))
    half = float(t.ppf(0.975, g - 1)) * error
    return Interval(mean, mean - half, mean + half)
