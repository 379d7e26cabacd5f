"""Route-hours: the mean minutes of the moves that started on a route in an hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from sadari.forecasting.events.clock import local_hour, local_hours
from sadari.forecasting.events.history import History
from sadari.forecasting.events.kinds import ARROW
from sadari.forecasting.quantiles import Floats, Integers

WEEK = 168


@dataclass(frozen=True)
class Panel:
    """Series by the hour of the local clock: `values` [series, hours], NaN in an hour without a
    move, from the hour `start` (hours since 1970 by that clock). Where the clock changes, the hour
    that it skips is empty and the one that comes twice holds both: a day is always 24 hours, and
    the same hour of another day is the same hour for people."""

    names: tuple[str, ...]
    values: Floats
    start: int

    @property
    def hours(self) -> int:
        """How many hours there are."""
        return int(self.values.shape[1])

    @property
    def empty(self) -> Integers:
        """How many of its hours each series has no value in."""
        found: Integers = np.isnan(self.values).sum(axis=1)
        return found

    def until(self, column: int) -> Panel:
        """Only the hours before a column."""
        return replace(self, values=self.values[:, :column])

    def of(self, rows: Sequence[int]) -> Panel:
        """Only some of the series."""
        names = tuple(self.names[i] for i in rows)
        return replace(self, names=names, values=self.values[list(rows)])

    def hour_of_day(self, begin: int, end: int) -> Integers:
        """The local hour of the columns from `begin` to before `end`."""
        return (np.arange(begin, end) + self.start) % 24

    def weekday(self, begin: int, end: int) -> Integers:
        """The local weekday of the columns, Monday 0."""
        return ((np.arange(begin, end) + self.start) // 24 + 3) % 7  # 1970 began on a Thursday

    def clock(self, column: int) -> datetime:
        """When a column begins, by the local clock."""
        return datetime(1970, 1, 1) + timedelta(hours=self.start + column)


def route_hours(moves: pl.LazyFrame | pl.DataFrame, zone: str = "UTC") -> pl.DataFrame:
    """Moves (source, destination, start, end) by route and local hour of the start: count and mean
    minutes."""
    return (
        moves.lazy()
        .filter(pl.col("end").is_not_null())
        .group_by("source", "destination", local_hour("start", zone).alias("hour"))
        .agg(
            pl.len().alias("count"),
            # whole milliseconds: their sum does not depend on the order in which threads add them
            ((pl.col("end") - pl.col("start")).sum() / pl.len() / 60_000).alias("minutes"),
        )
        .collect()
    )


def make_panel(history: History, busiest: int) -> Panel:
    """The panel of the routes with the most moves, busiest first, up to the hour of the last
    event, which is left out: those of its moves that take long have not ended yet."""
    table = route_hours(history.moves, history.zone).with_columns(
        route=pl.concat_str(["source", "destination"], separator=ARROW)
    )
    end = int(local_hours(np.array([history.last]), history.zone)[0])
    table = table.filter(pl.col("hour") < end)
    if table.is_empty():
        return Panel((), np.empty((0, 0)), end)
    counts = (
        table.group_by("route")
        .agg(pl.col("count").sum())
        .sort("count", "route", descending=[True, False])
    )
    names = tuple(counts["route"].head(busiest).to_list())
    first = int(table["hour"].min())  # type: ignore[arg-type]
    values = np.full((len(names), end - first), np.nan)
    index = {name: i for i, name in enumerate(names)}
    kept = table.filter(pl.col("route").is_in(names))
    rows = kept["route"].replace_strict(index, return_dtype=pl.Int64).to_numpy()
    values[rows, kept["hour"].to_numpy() - first] = kept["minutes"].to_numpy()
    return Panel(names, values, first)


def filled(panel: Panel) -> Floats:
    """The values without gaps: an empty hour takes the series' mean at that hour of the day, or
    its mean; a series without any value is NaN."""
    values = panel.values.copy()
    hour = panel.hour_of_day(0, panel.hours)
    with np.errstate(invalid="ignore"):
        for h in range(24):
            at = hour == h
            block = values[:, at]
            count = (~np.isnan(block)).sum(axis=1)
            mean = np.where(count > 0, np.nansum(block, axis=1) / np.maximum(count, 1), np.nan)
            values[:, at] = np.where(np.isnan(block), mean[:, None], block)
        count = (~np.isnan(values)).sum(axis=1)
        mean = np.where(count > 0, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan)
    return np.where(np.isnan(values), mean[:, None], values)
