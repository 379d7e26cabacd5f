"""The four kinds of events: which columns each has, and what makes two rows the same event."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

ARROW = "→"  # between the two ends of a route, or of a pair of groups


@dataclass(frozen=True)
class Kind:
    """A kind of event. Times are UTC milliseconds; `key` is what an event is known by."""

    name: str
    key: tuple[str, ...]
    text: tuple[str, ...]
    times: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()  # a row that lacks one of these is set aside
    closes: str | None = None  # a row without this is unfinished and never replaces a finished one

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the order in which they are stored."""
        return (*self.text, *self.times, *self.numbers)

    @property
    def day_of(self) -> str:
        """The time by whose UTC day events are laid out."""
        return self.times[0]


MOVES = Kind(
    "moves",
    key=("id",),
    text=("id", "source", "destination", "priority", "vehicle"),
    times=("start", "end"),
    needed=("id", "source", "destination", "start"),
    closes="end",
)
READINGS = Kind(
    "readings",
    key=("sensor", "place", "at"),
    text=("sensor", "place"),
    times=("at",),
    numbers=("value",),
    needed=("sensor", "at", "value"),
)
SCHEDULE = Kind(
    "schedule",
    key=("id",),
    text=("id", "kind", "place", "note"),
    times=("start", "end"),
    needed=("id", "kind", "start", "end"),
)
STOCK = Kind(
    "stock",
    key=("item", "place", "at"),
    text=("item", "place"),
    times=("at",),
    numbers=("level",),
    needed=("item", "at", "level"),
)
KINDS = (MOVES, READINGS, SCHEDULE, STOCK)


def schema_of(kind: Kind) -> dict[str, pl.DataType]:
    """The columns of a kind's frames."""
    return {
        **dict.fromkeys(kind.text, pl.String()),
        **dict.fromkeys(kind.times, pl.Int64()),
        **dict.fromkeys(kind.numbers, pl.Float64()),
    }
