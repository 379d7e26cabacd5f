"""What is known: moves with routes and minutes, and what stands beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

import polars as pl

from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting.errors import ForecastError
from sadari.forecasting.events.inbox import Counts, Inbox
from sadari.forecasting.events.kinds import (
    ARROW,
    KINDS,
    MOVES,
    READINGS,
    SCHEDULE,
    STOCK,
    schema_of,
)
from sadari.forecasting.events.reading import kind_of, read_events
from sadari.forecasting.events.strays import is_stray
from sadari.forecasting.events.usual import Usual, learn_usual


@dataclass(frozen=True)
class History:
    """Moves by start (id, source, destination, route, pair, start, end, minutes, priority,
    vehicle; times in UTC milliseconds, `end` and `minutes` null while a move is under way), and
    readings, schedule and stock in their kinds' columns."""

    moves: pl.DataFrame
    readings: pl.DataFrame
    schedule: pl.DataFrame
    stock: pl.DataFrame
    zone: str
    version: str = ""

    def until(self, as_of: int) -> History:
        """What was known at a time: later events are gone, moves under way have no end. The
        schedule stays, since it is a plan."""
        moves = self.moves.filter(pl.col("start") < as_of)
        under_way = pl.col("end") > as_of
        moves = moves.with_columns(
            pl.when(under_way).then(None).otherwise(pl.col(c)).alias(c) for c in ("end", "minutes")
        )
        return replace(
            self,
            moves=moves,
            readings=self.readings.filter(pl.col("at") <= as_of),
            stock=self.stock.filter(pl.col("at") <= as_of),
        )

    def since(self, first: int) -> History:
        """Only what happened from a time on, and what was planned to end after it."""
        return replace(
            self,
            moves=self.moves.filter(pl.col("start") >= first),
            readings=self.readings.filter(pl.col("at") >= first),
            schedule=self.schedule.filter(pl.col("end") >= first),
            stock=self.stock.filter(pl.col("at") >= first),
        )

    @property
    def done(self) -> pl.DataFrame:
        """Moves that have ended."""
        return self.moves.filter(pl.col("minutes").is_not_null())

    @cached_property
    def usual(self) -> Usual:
        """What the moves that have ended usually took."""
        return learn_usual(self.done)

    @property
    def last(self) -> int:
        """The latest time of a move, in UTC milliseconds. Raises ForecastError without moves."""
        if self.moves.is_empty():
            todo = "Bring some: sadari forecast ingest DOMAIN FILE…"
            raise ForecastError("there are no moves.", todo=todo)
        latest = self.moves.select(pl.max_horizontal("start", pl.col("end").fill_null(0)).max())
        return int(latest.item())


def ingest(
    files: list[Path], settings: ForecastSettings, home: Path
) -> dict[str, tuple[str, Counts]]:
    """Reads files into the inbox in `home`; each file's kind and counts. Raises ForecastError for
    a file that cannot be read or is of no kind; files before it are kept."""
    inbox = Inbox(home)
    found: dict[str, tuple[str, Counts]] = {}
    try:
        for path in files:
            kind = kind_of(path, settings)
            if kind is None:
                patterns = ", ".join(getattr(settings, k.name).files for k in KINDS)
                todo = f"Name it like one of {patterns}, or set `files` in [forecast.moves]."
                raise ForecastError("is of no known kind.", where=str(path), todo=todo)
            counts = Counts()
            for batch in read_events(path, kind, settings):
                counts += inbox.add(batch, path.name)
            found[str(path)] = (kind.name, counts)
    finally:
        inbox.close()
    return found


def read_history(settings: ForecastSettings, home: Path) -> History:
    """The events in the inbox of `home`, without moves that a wrong clock wrote."""
    inbox = Inbox(home)
    try:
        version = inbox.version()
        moves = inbox.scan(MOVES).collect()
        moves = moves.filter(~is_stray(moves["start"]))
        others = [inbox.scan(kind).collect() for kind in (READINGS, SCHEDULE, STOCK)]
    finally:
        inbox.close()
    return make_history(moves, *others, settings=settings, version=version)


def make_history(
    moves: pl.DataFrame,
    readings: pl.DataFrame | None = None,
    schedule: pl.DataFrame | None = None,
    stock: pl.DataFrame | None = None,
    *,
    settings: ForecastSettings,
    version: str = "",
) -> History:
    """A history from frames in the kinds' columns; routes, pairs and minutes are added."""
    group = group_of(settings.groups)
    places = pl.concat([moves["source"], moves["destination"]]).unique().drop_nulls().to_list()
    groups = {place: group(place) for place in places}
    ends = [
        pl.col(c).replace_strict(groups, default="", return_dtype=pl.String)
        for c in ("source", "destination")
    ]
    moves = moves.sort("start", "id").with_columns(
        minutes=(pl.col("end") - pl.col("start")) / 60_000,
        route=pl.concat_str([pl.col("source"), pl.col("destination")], separator=ARROW),
        pair=pl.concat_str(ends, separator=ARROW),
        priority=pl.col("priority").fill_null(""),
    )
    empty = [pl.DataFrame(schema=schema_of(kind)) for kind in (READINGS, SCHEDULE, STOCK)]
    given = (readings, schedule, stock)
    frames = [e if f is None else f for f, e in zip(given, empty, strict=True)]
    return History(
        moves,
        frames[0].sort("at"),
        frames[1].sort("start"),
        frames[2].sort("at"),
        settings.time_zone,
        version,
    )


def group_of(groups: Mapping[str, str]) -> Callable[[str], str]:
    """A function from a place to the name of its group, "" where it has none."""
    patterns = [(name, re.compile(pattern)) for name, pattern in groups.items()]

    def find(place: str) -> str:
        return next((name for name, pattern in patterns if pattern.fullmatch(place)), "")

    return find


def parse_at(text: str, zone_name: str) -> int:
    """UTC milliseconds of a time that a person wrote. Raises ForecastError."""
    from sadari.forecasting.events.clock import to_utc

    try:
        datetime.fromisoformat(text)
        at = to_utc(pl.Series([text]), zone_name)["at"][0]
    except ValueError:
        at = None
    if at is None:
        todo = "Write it like 2026-11-20T14:30, or with an offset: 2026-11-20T14:30+09:00."
        said = f"{text!r} is no time in {zone_name}, or its clock skips it."
        raise ForecastError(said, where="--at", todo=todo)
    return int(at)
