"""How far each move lay from what is normal on its route at its hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sadari.forecasting.errors import ForecastError
from sadari.forecasting.events.clock import local_time
from sadari.forecasting.events.history import History
from sadari.forecasting.events.usual import Usual, learn_usual
from sadari.forecasting.models.moves import hour_of_week
from sadari.forecasting.models.plans import planned
from sadari.forecasting.models.state import codes
from sadari.forecasting.quantiles import Floats, Integers

SLOTS = 672  # quarters of the hours of a week: a change of shift lasts no hour
FEW = 8.0
OFTEN = 5


@dataclass(frozen=True)
class Surprises:
    """Finished moves by their end, with the logarithm of minutes over normal (`more`), the same in
    spreads (`z`), and the normal minutes."""

    moves: pl.DataFrame
    more: Floats
    z: Floats
    normal: Floats
    spread: Floats
    slot: Integers


def surprises(history: History, *, until: int | None = None) -> Surprises:
    """What is normal is learnt from moves that ended by `until` (all without it): the route's
    median, a factor for the quarter of an hour of the week, and what planned items usually cost,
    all robust against what was not normal. Raises ForecastError with fewer than 50 moves."""
    moves = history.done.sort("end")
    learn = moves if until is None else moves.filter(pl.col("end") <= until)
    if len(learn) < 50:
        todo = "Bring more: sadari forecast ingest DOMAIN FILE…"
        raise ForecastError("there are fewer than 50 finished moves.", todo=todo)
    usual = learn_usual(learn)
    slot = _slot(moves, history.zone)
    more = np.log(moves["minutes"].to_numpy()) - _level(moves, usual)
    first = np.asarray((moves["end"] <= (until or history.last)).to_numpy())
    factor = _factors(slot[first], more[first])
    more = more - factor[slot]
    more = more - _planned(moves, more, history.schedule, first)
    spread = _spread(moves, usual)
    # what the spread of a route leaves over when the hour is accounted for
    rest = 1.4826 * float(np.median(np.abs(more[first] / spread[first])))
    spread = spread * max(rest, 1e-3)
    normal = np.exp(np.log(moves["minutes"].to_numpy()) - more)
    return Surprises(moves, more, more / spread, normal, spread, slot)


def _planned(
    moves: pl.DataFrame, more: Floats, schedule: pl.DataFrame, first: NDArray[np.bool_]
) -> Floats:
    """What planned items of a kind usually cost: the median during them, where there were at least
    OFTEN of them. A delay that a plan explains is normal; more than that is not."""
    found = np.zeros(len(more))
    for (kind,), items in schedule.group_by(["kind"], maintain_order=True):
        at_source = planned(moves, "source", schedule, str(kind))
        during = np.maximum(at_source, planned(moves, "destination", schedule, str(kind))) > 0
        learn = during & first
        if len(items) >= OFTEN and learn.sum() >= 30:
            found[during] += max(float(np.median(more[learn])), 0.0)
    return found


def _level(moves: pl.DataFrame, usual: Usual) -> Floats:
    route, _, _ = codes(moves, usual)
    return np.where(route >= 0, usual.level[np.maximum(route, 0)], usual.everywhere[0])


def _spread(moves: pl.DataFrame, usual: Usual) -> Floats:
    route, _, _ = codes(moves, usual)
    return np.where(route >= 0, usual.spread[np.maximum(route, 0)], usual.everywhere[1])


def _factors(slot: Integers, more: Floats) -> Floats:
    """The median of each slot, drawn to the median of its time of day over all days."""
    found = np.zeros(SLOTS)
    for quarter in range(96):
        of_day = np.flatnonzero(slot % 96 == quarter)
        middle = float(np.median(more[of_day])) if len(of_day) else 0.0
        for day in range(7):
            own = more[of_day[slot[of_day] == day * 96 + quarter]]
            share = len(own) / (len(own) + FEW)
            mine = float(np.median(own)) if len(own) else 0.0
            found[day * 96 + quarter] = share * mine + (1 - share) * middle
    return found


def _slot(moves: pl.DataFrame, zone: str) -> Integers:
    at = local_time("start", zone)
    quarter = moves.select((at.dt.minute().cast(pl.Int64) // 15).alias("q"))["q"].to_numpy()
    found: Integers = hour_of_week(moves, zone) * 4 + quarter
    return found
