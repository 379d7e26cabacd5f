"""`[forecast]` of `domain.toml`: what the columns of the logs mean, and how forecasts are made."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from sadari.domain.section import Section


class MoveColumns(Section):
    """The columns of a log of moves: a place to start from, a place to reach, and how long."""

    files: str = "moves*"  # names of the files that hold moves
    id: str = "id"  # "": a move is known by everything it says
    route: str | None = None  # one column "A→B" instead of two
    source: str = "source"
    destination: str = "destination"
    start: str = "start"
    end: str = "end"
    duration: str | None = None  # instead of an end
    duration_unit: Literal["seconds", "minutes", "hours"] = "minutes"
    priority: str | None = None
    vehicle: str | None = None
    place: str | None = None  # a pattern whose first group is the place within a name
    longest_minutes: float = Field(default=10_080, gt=0)

    @field_validator("place")
    @classmethod
    def _has_a_group(cls, pattern: str | None) -> str | None:
        if pattern is not None and _compiled(pattern).groups < 1:
            raise ValueError(f"{pattern!r} has no group (…), which is the place within a name")
        return pattern


class ReadingColumns(Section):
    """The columns of sensor readings and weather."""

    files: str = "readings*"
    sensor: str = "sensor"
    place: str | None = "place"
    at: str = "at"
    value: str = "value"


class ScheduleColumns(Section):
    """The columns of planned work and events."""

    files: str = "schedule*"
    id: str = "id"
    kind: str = "kind"
    place: str | None = "place"
    start: str = "start"
    end: str = "end"
    note: str | None = "note"


class StockColumns(Section):
    """The columns of stock levels."""

    files: str = "stock*"
    item: str = "item"
    place: str | None = "place"
    at: str = "at"
    level: str = "level"
    reorder_at: float = Field(default=0, ge=0)  # refill before the level falls to this


class ForecastSettings(Section):
    """How events are read, and what is forecast from them."""

    time_zone: str = "UTC"  # of times without an offset, and of the calendar
    time_format: str | None = None  # strptime's; None: ISO 8601
    simulator: str | None = None  # a Python file of the domain that writes events
    groups: dict[str, str] = Field(default_factory=dict)  # group of places → pattern of names
    history_days: int = Field(default=120, ge=7)
    models: tuple[str, ...] = ()  # none named: all that are installed
    busiest_routes: int = Field(default=200, ge=1)  # whose hours are forecast as series
    moves: MoveColumns = MoveColumns()
    readings: ReadingColumns = ReadingColumns()
    schedule: ScheduleColumns = ScheduleColumns()
    stock: StockColumns = StockColumns()

    @field_validator("groups")
    @classmethod
    def _are_patterns(cls, groups: dict[str, str]) -> dict[str, str]:
        for pattern in groups.values():
            _compiled(pattern)
        return groups


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no pattern: {error}") from error
