"""Rules that a company declares about transport times, and what the data say about each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sadari.forecasting.errors import ForecastError
from sadari.forecasting.events.clock import local_time
from sadari.forecasting.events.history import History
from sadari.forecasting.models.plans import planned
from sadari.forecasting.quantiles import Floats, Integers
from sadari.stats import Interval

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MARGIN = 0.1  # of the declared minutes: a difference that nobody would mind …
LEAST_MARGIN = 0.5  # … and at least so many minutes
FEW = 30  # moves without which nothing is said
Finding = Literal["agrees", "disagrees", "cannot tell"]


def _span(value: object) -> object:
    """ "06:45-07:15" as two minutes of the day."""
    if not isinstance(value, str):
        return value
    try:
        ends = [part.split(":") for part in value.split("-")]
        begin, end = (int(h) * 60 + int(m) for h, m in ends)
    except ValueError:
        raise ValueError("is no span of hours like 06:45-07:15") from None
    if not (0 <= begin < 1440 and 0 < end <= 1440):
        raise ValueError("is no span of hours like 06:45-07:15")
    return begin, end


Span = Annotated[tuple[int, int], BeforeValidator(_span)]


class Rule(BaseModel):
    """Minutes that are added under conditions, which must all hold. `exempt` are priorities."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    minutes: float
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    hours: tuple[Span, ...] = ()
    schedule: str | None = None  # a kind of planned item, at either end of the route
    places: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True)
class Audit:
    """A rule beside the data: minutes really added, over how many moves on how many days."""

    rule: Rule
    measured: Interval | None
    moves: int
    days: int
    finding: Finding


def read_rules(folder: Path) -> tuple[Rule, ...]:
    """The rules in the folder's rules.toml; none when it has no such file. Raises ForecastError."""
    path = folder / "rules.toml"
    if not path.is_file():
        return ()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ForecastError(f"is not TOML: {error}.", where=str(path), todo="Mend it.") from error
    rules: list[Rule] = []
    for number, value in enumerate(values.get("rule", []), start=1):
        try:
            rules.append(Rule.model_validate(value))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = ".".join(map(str, first["loc"]))
            what = f"rule {number}: {name}: {first['msg']}."
            raise ForecastError(what, where=str(path), todo="Mend the rule.") from error
    return tuple(rules)


def applies(rule: Rule, moves: pl.DataFrame, schedule: pl.DataFrame, zone: str) -> Floats:
    """1 for moves (source, destination, start, priority) that a rule is about, else 0."""
    local = local_time("start", zone)
    minute = local.dt.hour().cast(pl.Int64) * 60 + local.dt.minute()
    holds = pl.lit(True)
    if rule.weekdays:
        numbers = [DAYS.index(day) + 1 for day in rule.weekdays]
        holds = holds & local.dt.weekday().is_in(numbers)
    if rule.hours:
        within = pl.lit(False)
        for begin, end in rule.hours:
            here = (minute >= begin) & (minute < end)
            within = within | (here if begin < end else (minute >= begin) | (minute < end))
        holds = holds & within
    if rule.places:
        holds = holds & pl.any_horizontal(pl.col("source", "destination").is_in(rule.places))
    if rule.exempt:
        holds = holds & ~pl.col("priority").is_in(rule.exempt)
    found = moves.select(holds.cast(pl.Float64).alias("holds"))["holds"]
    mask = np.full(len(moves), found[0]) if len(found) == 1 else found.to_numpy().copy()
    if rule.schedule is not None:
        source = planned(moves, "source", schedule, rule.schedule)
        mask = mask * np.maximum(source, planned(moves, "destination", schedule, rule.schedule))
    return mask


def audit_rules(rules: tuple[Rule, ...], history: History) -> tuple[Audit, ...]:
    """Each rule's minutes, estimated together: least squares on the minutes with route effects, two
    daily waves, a trend and priorities held fixed, and an interval that allows moves of one day to
    hang together (clusters by local day; Liang and Zeger 1986, Biometrika 73: 13–22)."""
    if not rules:
        return ()
    done = history.done
    if len(done) < 2 * FEW:
        return tuple(Audit(rule, None, 0, 0, "cannot tell") for rule in rules)
    masks = np.column_stack([applies(r, done, history.schedule, history.zone) for r in rules])
    day, minute = _day_and_minute(done, history.zone)
    counts = masks.sum(axis=0).astype(int)
    days = [len(np.unique(day[mask > 0])) for mask in masks.T]
    measured = _estimate(
        done, masks, day, minute, [c >= FEW and d >= 3 for c, d in zip(counts, days, strict=True)]
    )
    return tuple(
        Audit(rule, interval, int(count), n, _finding(rule, interval))
        for rule, interval, count, n in zip(rules, measured, counts, days, strict=True)
    )


def _finding(rule: Rule, interval: Interval | None) -> Finding:
    if interval is None:
        return "cannot tell"
    margin = max(LEAST_MARGIN, MARGIN * abs(rule.minutes))
    if interval.high < rule.minutes - margin or interval.low > rule.minutes + margin:
        return "disagrees"
    return "cannot tell" if 0 in interval else "agrees"


def _day_and_minute(moves: pl.DataFrame, zone: str) -> tuple[Floats, Floats]:
    local = local_time("start", zone)
    table = moves.select(
        local.dt.date().cast(pl.Int32).alias("day"),
        (local.dt.hour().cast(pl.Int64) * 60 + local.dt.minute()).alias("minute"),
    )
    return table["day"].to_numpy(), table["minute"].to_numpy()


def _estimate(
    done: pl.DataFrame, masks: Floats, day: Floats, minute: Floats, enough: list[bool]
) -> list[Interval | None]:
    import statsmodels.api as sm

    use = [i for i, some in enumerate(enough) if some]
    if not use:
        return [None] * len(enough)
    minutes = done["minutes"].to_numpy()
    # a vehicle that broke down is no evidence about Fridays
    minutes = np.minimum(minutes, np.quantile(minutes, 0.995))
    angle = 2 * np.pi * minute / 1440
    waves = [f(k * angle) for k in (1, 2) for f in (np.sin, np.cos)]
    priorities = done["priority"].unique().sort().to_list()[1:]
    vip = [(done["priority"] == p).to_numpy().astype(float) for p in priorities[:10]]
    trend = (day - day.mean()) / max(float(np.ptp(day)), 1.0)
    design = np.column_stack([masks[:, use], *waves, trend, *vip])
    route = done["route"].rank("dense").to_numpy().astype(np.int64) - 1
    design, target = _within(design, route), _within(minutes[:, None], route)[:, 0]
    constant = design.std(axis=0) < 1e-9
    kept = np.flatnonzero(~constant)
    fitted = sm.OLS(target, design[:, kept]).fit(cov_type="cluster", cov_kwds={"groups": day})
    bounds = np.asarray(fitted.conf_int())
    found: list[Interval | None] = [None] * len(enough)
    for column, index in enumerate(use):
        place = np.flatnonzero(kept == column)
        if len(place):
            low, high = bounds[place[0]]
            if np.isfinite(low) and np.isfinite(high):
                found[index] = Interval(float(fitted.params[place[0]]), float(low), float(high))
    return found


def _within(values: Floats, group: Integers) -> Floats:
    """Values less their group's mean."""
    size = int(group.max()) + 1
    counts = np.bincount(group, minlength=size)[:, None]
    sums = np.stack([np.bincount(group, weights=v, minlength=size) for v in values.T], axis=1)
    found: Floats = values - (sums / np.maximum(counts, 1))[group]
    return found
