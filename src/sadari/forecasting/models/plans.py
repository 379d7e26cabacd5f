"""Moves during planned work."""

from __future__ import annotations

import numpy as np
import polars as pl

from sadari.forecasting.quantiles import Floats


def planned(moves: pl.DataFrame, place: str, schedule: pl.DataFrame, kind: str) -> Floats:
    """1 for moves that start while an item of this kind is planned at their place (or everywhere,
    when the item names no place), else 0."""
    found = np.zeros(len(moves))
    start, where = moves["start"].to_numpy(), moves[place].to_numpy()
    order = np.argsort(start, kind="stable")
    ranked = start[order]
    for at, begin, end in (
        schedule.filter(pl.col("kind") == kind).select("place", "start", "end").iter_rows()
    ):
        rows = order[np.searchsorted(ranked, begin) : np.searchsorted(ranked, end)]
        found[rows if at is None or at == "" else rows[where[rows] == at]] = 1.0
    return found
