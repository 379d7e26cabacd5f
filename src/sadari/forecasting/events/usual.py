"""How long moves on a route usually take, and what stands in for it where a route has few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from sadari.forecasting.events.kinds import ARROW
from sadari.forecasting.quantiles import Floats, Integers

ENOUGH = 20  # moves without which a route leans on its pair
Whose = Literal["route", "pair", "all"]


@dataclass(frozen=True)
class Usual:
    """Each route's usual logarithm of minutes and its spread, drawn to the pair and to all."""

    routes: dict[str, int]
    places: dict[str, int]
    pair_of: dict[str, str]
    level: Floats  # [routes]
    spread: Floats  # [routes]
    count: Integers  # [routes]
    pairs: dict[str, tuple[float, float, int]]
    everywhere: tuple[float, float, int]
    seen: tuple[float, float]  # the shortest and the longest of all

    def of(self, route: str, pair: str) -> tuple[float, float, int, Whose]:
        """(level, spread, moves behind it, where it comes from)."""
        index = self.routes.get(route)
        if index is not None and self.count[index] >= ENOUGH:
            return self.level[index], self.spread[index], int(self.count[index]), "route"
        if pair in self.pairs and self.pairs[pair][2] >= ENOUGH:
            return *self.pairs[pair], "pair"
        return *self.everywhere, "all"


def learn_usual(moves: pl.DataFrame) -> Usual:
    """From moves that have ended."""
    logs = moves.select("route", "pair", log=pl.col("minutes").log())
    middle = pl.col("log").median()
    spread = (pl.col("log").quantile(0.9) - pl.col("log").quantile(0.1)) / 2.563
    columns = [middle.alias("level"), spread.alias("spread"), pl.len().alias("count")]
    whole = logs.select(columns).row(0)
    seen = logs.select(pl.col("log").min().alias("low"), pl.col("log").max().alias("high")).row(0)
    everywhere = (float(whole[0]), max(float(whole[1]), 1e-3), int(whole[2]))
    pairs = {}
    for name, level, wide, count in logs.group_by("pair").agg(columns).iter_rows():
        if all(name.split(ARROW)):  # a pair of groups, not of places that are in none
            pairs[name] = (level, max(wide, 1e-3), count)
    table = logs.group_by("route").agg(*columns, pl.col("pair").first()).sort("route")
    level, wide = table["level"].to_numpy().copy(), table["spread"].to_numpy().copy()
    count = table["count"].to_numpy().astype(np.int64)
    for row, pair in enumerate(table["pair"]):
        to_level, to_wide, _ = pairs.get(pair, everywhere)
        share = count[row] / (count[row] + 5)
        level[row] = share * level[row] + (1 - share) * to_level
        wide[row] = share * wide[row] + (1 - share) * to_wide
    routes = {name: i for i, name in enumerate(table["route"])}
    names = sorted(set(moves["source"]) | set(moves["destination"]))
    places = {name: i for i, name in enumerate(names)}
    pair_of = dict(zip(table["route"], table["pair"], strict=True))
    wide = np.maximum(wide, 1e-3)
    return Usual(routes, places, pair_of, level, wide, count, pairs, everywhere, seen)
