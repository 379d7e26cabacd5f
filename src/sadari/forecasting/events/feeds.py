"""Which files hold events, and what has come in from each feed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting.errors import ForecastError
from sadari.forecasting.events.inbox import Inbox
from sadari.forecasting.events.kinds import KINDS, MOVES
from sadari.forecasting.events.reading import kind_of
from sadari.forecasting.events.strays import is_stray


def events_home(home: Path, domain: str) -> Path:
    """Where a domain's events and fitted models lie in the state's home."""
    return home / "forecasts" / domain


def event_files(paths: list[Path], settings: ForecastSettings) -> list[Path]:
    """The files named, and those in the folders named whose names the domain knows. Raises
    ForecastError when there is none."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += [p for p in sorted(path.iterdir()) if p.is_file() and kind_of(p, settings)]
        else:
            files.append(path)
    if not files:
        patterns = ", ".join(getattr(settings, kind.name).files for kind in KINDS)
        where = ", ".join(map(str, paths))
        raise ForecastError("holds no events.", where=where, todo=f"Files are named {patterns}.")
    return files


def standing(settings: ForecastSettings, home: Path) -> dict[str, Any]:
    """Events of each kind with their first and last local time, "missing" where a feed gave
    nothing; moves under way, moves that a wrong clock wrote (left out of forecasts), moves that
    say the same as one of another id; and the rows set aside, by file and reason."""
    inbox = Inbox(home)
    try:
        kinds = []
        for kind in KINDS:
            scan = inbox.scan(kind).select(
                pl.len(),
                pl.col(kind.day_of).min().alias("low"),
                pl.col(kind.day_of).max().alias("high"),
            )
            count, low, high = scan.collect().row(0)
            times = [local(t, settings.time_zone) if count else "missing" for t in (low, high)]
            kinds.append({"kind": kind.name, "events": count, "from": times[0], "to": times[1]})
        moves = inbox.scan(MOVES).select(pl.exclude("id", "priority")).collect()
        aside = inbox.quarantine()
    finally:
        inbox.close()
    done = moves.filter(pl.col("end").is_not_null())
    strays = moves.filter(is_stray(moves["start"]))["start"].sort()
    plain = pl.col("reason").str.replace(r": .*$", "")
    rows = (
        aside.group_by("file", plain)
        .agg(pl.len().alias("rows"), pl.col("line").min())
        .sort("rows", descending=True)
    )
    return {
        "kinds": kinds,
        "under_way": len(moves) - len(done),
        "wrong_clock": [local(at, settings.time_zone) for at in strays],
        "same_under_other_ids": len(done) - done.n_unique(),
        "set_aside": rows.to_dicts(),
    }


def events_version(home: Path) -> str:
    """Changes whenever an event in `home` is added or revised."""
    inbox = Inbox(home)
    try:
        return inbox.version()
    finally:
        inbox.close()


def local(at: int, zone: str) -> str:
    """A time as people there write it: 2026-11-20 14:30 Fri."""
    return as_written(datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone)))


def as_written(when: datetime) -> str:
    """A local time with its weekday."""
    return when.strftime("%Y-%m-%d %H:%M %a")
