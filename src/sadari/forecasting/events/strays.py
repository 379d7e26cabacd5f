"""Moves that a wrong clock wrote: a few, far from all others in time."""

from __future__ import annotations

import time

import numpy as np
import polars as pl

from sadari.forecasting.events.clock import DAY

FEW = 0.01  # of the moves at most; more are a log that had a long pause
FAR = 365 * DAY
AHEAD = DAY  # and what lies in the future need not be as far away


def is_stray(start: pl.Series, now: int | None = None) -> pl.Series:
    """For each start (UTC milliseconds) whether it belongs to the few before or after a gap of a
    year, or after a gap of a day beyond `now` (the machine's clock). One such move would be the
    last event from which all forecasts start, and leave the models without a past."""
    if len(start) < 1 / FEW:
        return pl.Series(np.zeros(len(start), dtype=bool))
    now = int(time.time() * 1000) if now is None else now
    times = np.sort(start.to_numpy())
    gaps = np.diff(times)
    few = int(FEW * len(times))
    before = np.flatnonzero(gaps[:few] > FAR)
    tail = slice(len(gaps) - few, None)
    after = np.flatnonzero((gaps[tail] > FAR) | ((gaps[tail] > AHEAD) & (times[1:][tail] > now)))
    low = times[before[-1] + 1] if len(before) else times[0]
    high = times[:-1][tail][after[0]] if len(after) else times[-1]
    return (start < int(low)) | (start > int(high))
