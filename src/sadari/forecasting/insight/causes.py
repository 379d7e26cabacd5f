"""What may be behind an incident: the likeliest things first, each with its evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import binom, poisson

from sadari.forecasting.events.clock import DAY
from sadari.forecasting.events.history import History
from sadari.forecasting.insight.surprise import Surprises
from sadari.forecasting.insight.telling import tell
from sadari.forecasting.quantiles import Floats, Integers
from sadari.text.language import Language

SHOWN = 3
SLOW = 1.5  # spreads above normal
ODD = 4.0  # spreads by which a reading is out of its range


@dataclass(frozen=True)
class Cause:
    """A likely cause, what speaks for it, and what to do. `strength` is −log10 of how often
    chance alone would show as much."""

    what: str
    evidence: str
    countermeasure: str
    strength: float


def causes(
    found: Surprises,
    rows: Integers,
    history: History,
    window: tuple[int, int],
    language: Language = "ko",
) -> tuple[Cause, ...]:
    """The three strongest, in the reader's language; fewer where nothing speaks for more."""
    slow = rows[found.z[rows] > SLOW]
    things = [
        *_planned(found, slow, history, window, language),
        *_vehicles(found, rows, slow, language),
        *_places(found, slow, language),
        *_load(found, window, language),
        *_readings(history, window, found, slow, language),
    ]
    ranked = sorted(things, key=lambda c: -c.strength)
    return tuple(ranked[:SHOWN])


def _planned(
    found: Surprises,
    slow: Integers,
    history: History,
    window: tuple[int, int],
    language: Language,
) -> list[Cause]:
    begin, end = window
    now = history.schedule.filter((pl.col("start") < end) & (pl.col("end") > begin))
    made = []
    for item in now.to_dicts():
        place = item["place"]
        share = float(_touch(found, slow, place).mean()) if place and len(slow) else 1.0
        usual = float(_touch(found, np.arange(len(found.z)), place).mean()) if place else 1.0
        strength = _tail(round(share * len(slow)), len(slow), usual) if usual < 1 else 1.0
        if strength >= 1:
            what = tell("planned" if place else "planned everywhere", language, **item)
            seen = tell("planned seen", language, id=item["id"], share=share, usual=usual)
            todo = tell("planned todo", language)
            made.append(Cause(what, seen, todo, round(strength + 1, 1)))
    return made


def _vehicles(found: Surprises, rows: Integers, slow: Integers, language: Language) -> list[Cause]:
    names = found.moves["vehicle"].fill_null("").to_numpy()
    made = []
    for name in sorted(set(names[slow]) - {""}):
        hits, usual = int((names[slow] == name).sum()), float((names[rows] == name).mean())
        strength = _tail(hits, len(slow), min(usual, 0.999))
        others = names[rows] != name
        still = float(np.mean(found.z[rows][others] > SLOW)) if others.any() else 0.0
        if strength >= 2 and hits >= 3 and still < 0.5:
            what = tell("vehicle", language, name=name)
            seen = tell("vehicle seen", language, hits=hits, slow=len(slow), usual=usual)
            made.append(Cause(what, seen, tell("vehicle todo", language), round(strength, 1)))
    return made


def _places(found: Surprises, slow: Integers, language: Language) -> list[Cause]:
    made = []
    for end in ("source", "destination"):
        names = found.moves[end].to_numpy()
        for name in sorted(set(names[slow])):
            hits, usual = int((names[slow] == name).sum()), float((names == name).mean())
            strength = _tail(hits, len(slow), usual)
            if strength >= 2 and hits >= 3:
                what = tell(end, language, name=name)
                seen = tell(f"{end} seen", language, hits=hits, slow=len(slow), usual=usual)
                made.append(Cause(what, seen, tell("place todo", language), round(strength, 1)))
    return made


def _load(found: Surprises, window: tuple[int, int], language: Language) -> list[Cause]:
    start = found.moves["start"].to_numpy()
    begin, end = window
    span = max((int(start.max()) - int(start.min())) / DAY, 1.0)
    of_day = (start - begin) % DAY
    usual = float((of_day < min(end - begin, DAY)).sum()) / span * max((end - begin) / DAY, 1.0)
    now = int(((start >= begin) & (start < end)).sum())
    strength = -float(poisson.logsf(now - 1, max(usual, 1e-9))) / np.log(10)
    if strength < 2 or now < 1.1 * usual:
        return []
    seen = tell("load seen", language, now=now, usual=usual)
    todo = tell("load todo", language)
    return [Cause(tell("load", language), seen, todo, round(min(strength, 50), 1))]


def _readings(
    history: History,
    window: tuple[int, int],
    found: Surprises,
    slow: Integers,
    language: Language,
) -> list[Cause]:
    begin, end = window
    known = history.readings.filter(pl.col("value").is_not_null())
    if known.is_empty():
        return []
    middle = pl.col("value").median().over("sensor")
    away = known.with_columns(away=(pl.col("value") - middle))
    spread = away.group_by("sensor").agg((1.4826 * pl.col("away").abs().median()).alias("spread"))
    now = away.filter((pl.col("at") >= begin - DAY // 24) & (pl.col("at") <= end)).join(
        spread, on="sensor"
    )
    odd = now.with_columns(
        z=(pl.col("away") / pl.max_horizontal("spread", pl.col("value").abs() * 1e-6 + 1e-9)).abs()
    ).filter(pl.col("z") > ODD)
    made = []
    for sensor, place in odd.select("sensor", "place").unique().sort("sensor", "place").iter_rows():
        mine = odd.filter((pl.col("sensor") == sensor) & (pl.col("place") == place))
        worst = mine.sort("z")[-1].row(0, named=True)
        value, usual, count = worst["value"], worst["value"] - worst["away"], len(mine)
        share = float(_touch(found, slow, place).mean()) if place and len(slow) else 0.0
        key = "reading" if place else "reading everywhere"
        what = tell(key, language, sensor=sensor, place=place)
        seen = tell("reading seen", language, value=value, usual=usual, count=count)
        strength = min(1.0 + count + 3 * share, 12.0)
        made.append(Cause(what, seen, tell("reading todo", language), round(strength, 1)))
    return made


def _touch(found: Surprises, rows: Integers, place: str) -> Floats:
    moves = found.moves
    return np.asarray(
        (moves["source"].to_numpy()[rows] == place)
        | (moves["destination"].to_numpy()[rows] == place)
    )


def _tail(hits: int, total: int, share: float) -> float:
    """−log10 of the binomial chance of so many hits or more."""
    if not hits:
        return 0.0
    return min(
        -float(binom.logsf(hits - 1, total, min(max(share, 1e-6), 1 - 1e-9))) / float(np.log(10)),
        50.0,
    )
