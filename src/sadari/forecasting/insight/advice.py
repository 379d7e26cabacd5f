"""Where time is lost, when, and what to do next week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t

from sadari.forecasting.events.clock import DAY, local_time
from sadari.forecasting.events.feeds import local
from sadari.forecasting.events.history import History
from sadari.forecasting.insight.surprise import surprises
from sadari.forecasting.insight.telling import hour_text, tell
from sadari.forecasting.live.words import when
from sadari.forecasting.quantiles import Floats
from sadari.stats import Interval
from sadari.text.language import Language

WEEK = 7 * DAY
FAR = 365 * DAY  # nobody plans a refill beyond
WINDOWS: tuple[tuple[str, tuple[int, ...], int, int], ...] = (
    ("Monday morning", (0,), 6, 11),
    ("Friday afternoon", (4,), 13, 18),
    ("Friday", (4,), 0, 24),
    ("weekend", (5, 6), 0, 24),
    ("night", tuple(range(7)), 0, 6),
)


@dataclass(frozen=True)
class Bottleneck:
    """Minutes lost to more than usual at one place over the last days."""

    place: str
    moves: int
    lost_minutes: float
    share: float  # of all that was lost
    median_minutes: float
    slow: float  # the share of its moves above the normal 90 %


def bottlenecks(history: History, days: int = 7) -> tuple[Bottleneck, ...]:
    """Places by minutes lost; a move counts for both its ends."""
    found = surprises(history)
    last = history.last - days * DAY
    lost = np.maximum(found.moves["minutes"].to_numpy() - found.normal, 0)
    table = found.moves.with_columns(lost=pl.Series(lost), slow=pl.Series(found.z > 1.2816)).filter(
        pl.col("start") >= last
    )
    if table.is_empty():
        return ()
    both = pl.concat(
        [
            table.select(pl.col(c).alias("place"), "minutes", "lost", "slow")
            for c in ("source", "destination")
        ]
    )
    grouped = (
        both.group_by("place")
        .agg(
            pl.len().alias("moves"),
            pl.col("lost").sum(),
            pl.col("minutes").median(),
            pl.col("slow").mean(),
        )
        .sort("lost", "place", descending=[True, False])
    )
    total = max(float(grouped["lost"].sum()), 1e-9)
    return tuple(
        Bottleneck(p, n, round(lost, 1), round(lost / total, 3), round(m, 2), round(s, 3))
        for p, n, lost, m, s in grouped.iter_rows()
    )


@dataclass(frozen=True)
class Season:
    """A time of the week beside the rest: how many per cent longer moves take."""

    name: str
    percent: Interval
    days: int


@dataclass(frozen=True)
class Seasonality:
    """Share of the variation between hours that day and week explain; hours of most and least."""

    daily: float
    weekly: float
    peak_hours: tuple[str, ...]
    quiet_hours: tuple[str, ...]
    seasons: tuple[Season, ...]


def seasonality(history: History, language: Language = "ko") -> Seasonality:
    """From the mean of log minutes over the route's usual, by local hour (period 24 × 7): how much
    of its variance goes with the hour of the day, and how much more with that of the week."""
    found = surprises(history)
    level = np.log(found.moves["minutes"].to_numpy())
    route = found.moves["route"].rank("dense").to_numpy().astype(np.int64) - 1
    usual = np.bincount(route, weights=level) / np.maximum(np.bincount(route), 1)
    away = level - usual[route]
    hour, day, date = _calendar(found.moves, history.zone)
    hours = (
        pl.DataFrame({"date": date, "hour": hour, "day": day, "away": away})
        .group_by("date", "hour", "day")
        .agg(pl.col("away").mean())
    )
    total = float(hours["away"].var() or 0.0)  # type: ignore[arg-type]
    by_day = hours.with_columns(m=pl.col("away").mean().over("hour"))
    by_week = hours.with_columns(m=pl.col("away").mean().over("hour", "day"))
    daily = _share(float(by_day["m"].var() or 0.0), total)  # type: ignore[arg-type]
    weekly = _share(float(by_week["m"].var() or 0.0), total)  # type: ignore[arg-type]
    profile = hours.group_by("day", "hour").agg(pl.col("away").mean()).sort("away")
    names = [hour_text(d, h, language) for d, h in profile.select("day", "hour").iter_rows()]
    seasons = []
    for name, days, begin, end in WINDOWS:
        within = np.isin(day, days) & (hour >= begin) & (hour < end)
        season = _season(tell(name, language), away, date, within)
        if season is not None:
            seasons.append(season)
    peaks, quiet = tuple(names[-5:][::-1]), tuple(names[:5])
    more = max(weekly - daily, 0.0)
    return Seasonality(round(daily, 3), round(more, 3), peaks, quiet, tuple(seasons))


@dataclass(frozen=True)
class RouteWeek:
    """A route's last seven days beside the four weeks before."""

    route: str
    moves: int
    mean: float
    spread: float
    before: float | None
    peak_hours: tuple[int, ...]


@dataclass(frozen=True)
class Refill:
    """When a stock reaches its reorder level at the rate of the last days."""

    item: str
    place: str
    level: float
    per_day: float
    at: str | None  # local time; None when it does not fall


@dataclass(frozen=True)
class Advice:
    """The last week, and what follows for the next."""

    routes: tuple[RouteWeek, ...]
    refills: tuple[Refill, ...]
    sentences: tuple[str, ...]


def advice(
    history: History, reorder_at: float, routes: int = 10, language: Language = "ko"
) -> Advice:
    """For the busiest routes of the last seven days and every stock."""
    last = history.last
    done = history.done
    week = done.filter(pl.col("start") > last - WEEK)
    before = done.filter((pl.col("start") <= last - WEEK) & (pl.col("start") > last - 5 * WEEK))
    names = week["route"].value_counts(sort=True).sort("count", "route", descending=[True, False])
    older = dict(before.group_by("route").agg(pl.col("minutes").mean()).iter_rows())
    rows = []
    for name in names["route"].head(routes):
        mine = week.filter(pl.col("route") == name)
        hour, _, _ = _calendar(mine, history.zone)
        by_hour = (
            mine.with_columns(hour=pl.Series(hour))
            .group_by("hour")
            .agg(pl.col("minutes").mean(), pl.len().alias("n"))
            .filter(pl.col("n") >= 3)
            .sort("minutes", "hour", descending=[True, False])
        )
        spread = float(mine["minutes"].std() or 0.0)  # type: ignore[arg-type]
        mean = float(mine["minutes"].mean())  # type: ignore[arg-type]
        peaks = tuple(int(h) for h in by_hour["hour"].head(3))
        rows.append(
            RouteWeek(name, len(mine), round(mean, 2), round(spread, 2), older.get(name), peaks)
        )
    refills = refill(history, reorder_at)
    return Advice(tuple(rows), refills, tuple(_sentences(rows, refills, language)))


def refill(history: History, reorder_at: float) -> tuple[Refill, ...]:
    """Each stock's last level, what it loses in a day (the median fall between readings of the last
    seven days, refills left out), and when it reaches `reorder_at`; no time beyond a year."""
    found = []
    for (item, place), rows in history.stock.sort("at").group_by(
        ["item", "place"], maintain_order=True
    ):
        recent = rows.filter(pl.col("at") >= int(rows["at"][-1]) - WEEK)
        level, at = float(recent["level"][-1]), int(recent["at"][-1])
        steps = np.diff(recent["at"].to_numpy())
        falls = -np.diff(recent["level"].to_numpy())
        use = (falls > -0.2 * max(level, 1.0)) & (steps > 0)
        rate = float(falls[use].sum() / steps[use].sum()) if use.any() else 0.0
        due = None
        if rate > 0 and (left := max(level - reorder_at, 0) / rate) <= FAR:
            due = local(int(at + left), history.zone)
        found.append(Refill(str(item), str(place), level, round(rate * DAY, 2), due))
    return tuple(sorted(found, key=lambda r: (r.at is None, r.at or "")))


def _sentences(rows: list[RouteWeek], refills: tuple[Refill, ...], language: Language) -> list[str]:
    said = []
    for row in rows:
        if row.before and row.mean > 1.1 * row.before:
            hours = ", ".join(f"{h:02d}:00" for h in row.peak_hours)
            percent = 100 * (row.mean / row.before - 1)
            said.append(
                tell(
                    "slower", language, route=row.route, mean=row.mean, percent=percent,
                    hours=hours or tell("busy hours", language),
                )
            )  # fmt: skip
    for stock in refills[:5]:
        if stock.at is not None:
            said.append(
                tell(
                    "refill", language, item=stock.item, place=stock.place,
                    at=when(stock.at, language), level=stock.level, rate=stock.per_day,
                )
            )  # fmt: skip
    return said or [tell("nothing", language)]


def _season(name: str, away: Floats, date: Floats, within: NDArray[np.bool_]) -> Season | None:
    """Mean difference to the rest with a t interval over days."""
    days = np.unique(date[within])
    if len(days) < 3 or within.all():
        return None
    rest = float(away[~within].mean())
    means = np.array([away[within & (date == d)].mean() for d in days]) - rest
    half = float(t.ppf(0.975, len(days) - 1) * means.std(ddof=1) / np.sqrt(len(days)))
    ends = [100 * (float(np.exp(means.mean() + x)) - 1) for x in (0.0, -half, half)]
    return Season(name, Interval(*(round(e, 1) for e in ends)), len(days))


def _share(part: float, whole: float) -> float:
    return min(part / whole, 1.0) if whole > 0 else 0.0


def _calendar(moves: pl.DataFrame, zone: str) -> tuple[Floats, Floats, Floats]:
    """Local hour, weekday (Monday 0) and day number of each move's start."""
    at = local_time("start", zone)
    table = moves.select(
        at.dt.hour().cast(pl.Int64).alias("hour"),
        (at.dt.weekday().cast(pl.Int64) - 1).alias("day"),
        at.dt.date().cast(pl.Int32).cast(pl.Int64).alias("date"),
    )
    return table["hour"].to_numpy(), table["day"].to_numpy(), table["date"].to_numpy()
