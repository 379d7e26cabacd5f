"""Small logs of moves for tests, with a truth that is known."""

from __future__ import annotations

import numpy as np
import polars as pl

from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting import History, make_history
from sadari.forecasting.events.clock import DAY, HOUR

START = 1_772_409_600_000  # Monday 2026-03-02, midnight UTC
PLACES = ("A", "B", "C", "D")


def moves(
    days: int = 21,
    per_hour: float = 8,
    seed: int = 0,
    *,
    places: tuple[str, ...] = PLACES,
    slow: tuple[float, float, float] | None = None,
) -> pl.DataFrame:
    """Moves between places whose minutes depend on the route and on the hour of the day; in the
    days `slow[0]` to `slow[1]` they take `slow[2]` times as long."""
    draw = np.random.default_rng(seed)
    count = int(days * 24 * per_hour)
    start = np.sort(draw.integers(0, days * DAY, count)) + START
    source = draw.integers(0, len(places), count)
    target = (source + draw.integers(1, len(places), count)) % len(places)
    hour = (start // HOUR) % 24
    usual = 5 + 2 * source + target + 2 * np.sin(hour / 24 * 2 * np.pi)
    minutes = usual * np.exp(draw.normal(0, 0.2, count))
    if slow is not None:
        within = (start >= START + slow[0] * DAY) & (start < START + slow[1] * DAY)
        minutes = np.where(within, minutes * slow[2], minutes)
    return pl.DataFrame(
        {
            "id": [f"m{i}" for i in range(count)],
            "source": np.array(places)[source],
            "destination": np.array(places)[target],
            "priority": np.where(draw.random(count) < 0.1, "VIP", "NORMAL"),
            "vehicle": [f"v{i}" for i in draw.integers(0, 5, count)],
            "start": start,
            "end": start + (minutes * 60_000).astype(np.int64),
        }
    )


def history(settings: ForecastSettings | None = None, **how: object) -> History:
    """The history of such moves."""
    return make_history(moves(**how), settings=settings or ForecastSettings())  # type: ignore[arg-type]
