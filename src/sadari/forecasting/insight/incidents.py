"""Incidents: stretches of time in which moves take longer than normal, and why they might."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sadari.forecasting.events.clock import DAY
from sadari.forecasting.events.feeds import local
from sadari.forecasting.events.history import History
from sadari.forecasting.insight.causes import Cause, causes
from sadari.forecasting.insight.surprise import Surprises, surprises
from sadari.forecasting.quantiles import Floats, Integers
from sadari.text.language import Language

DRIFT = 0.75  # spreads by which moves must be late before they count
CLIP = (-2.0, 4.0)  # a single move, however late, is not an incident
FALSE_PER_DAY = 0.25
MOST_PER_DAY = 1.6
LEAST_FACTOR = 1.15  # what takes hardly longer is no incident
EVERYWHERE = "everywhere"
_ALARM_TRIES = 4
GAP = 20 * 60_000  # milliseconds between alarms that are one incident


@dataclass(frozen=True)
class Incident:
    """One incident. Times are local; `factor` is how many times the normal moves took, the
    normal range holds 80 % of moves."""

    start: str
    detected: str
    end: str
    places: tuple[str, ...]
    moves: int
    median_minutes: float
    normal_minutes: float
    normal_range: tuple[float, float]
    factor: float
    causes: tuple[Cause, ...]
    window: tuple[int, int]  # start and end in UTC milliseconds
    found_at: int


@dataclass(frozen=True)
class _Alarm:
    start: int
    found: int
    end: int
    place: str
    height: float


def find_incidents(
    history: History, *, since: int | None = None, language: Language = "ko"
) -> tuple[Incident, ...]:
    """Incidents by start, those that end after `since` if it is given. For each place, and for
    all moves together, surprises are summed up over what drift allows (CUSUM, Page 1954,
    Biometrika 41: 100–115); the sum that raises an alarm is the one that shuffled surprises, in
    which there are no incidents, reach FALSE_PER_DAY times a day over all places."""
    found = surprises(history)
    keys = _keys(found)
    days = max((int(found.moves["end"][-1]) - int(found.moves["end"][0])) / DAY, 1.0)
    limit = alarm_limit(found, keys, days)
    alarms = [a for key, rows in keys.items() for a in _alarms(key, rows, found, limit)]
    merged = _merge(alarms)
    if since is not None:
        merged = [group for group in merged if max(a.end for a in group) >= since]
    incidents = (_incident(group, found, history, language) for group in merged)
    return tuple(i for i in incidents if i.factor >= LEAST_FACTOR)


def alarm_limit(found: Surprises, keys: dict[str, Integers], days: float) -> float:
    """The height that shuffled surprises exceed at the allowed rate, and that what was seen
    exceeds at most MOST_PER_DAY times a day: queues hang together more than shuffled moves do."""
    draw = np.random.default_rng(0)
    z = np.clip(found.z, *CLIP)
    weights = {key: independence(z[rows]) for key, rows in keys.items()}
    peaks: list[float] = []
    for _ in range(_ALARM_TRIES):
        shuffled = draw.permutation(z)
        for key, rows in keys.items():
            peaks += _peaks(weights[key] * shuffled[rows])
    peaks.sort(reverse=True)
    allowed = max(int(FALSE_PER_DAY * days * _ALARM_TRIES), 1)
    by_chance = peaks[min(allowed, len(peaks) - 1)] if peaks else 0.0
    seen = sorted((p for k, r in keys.items() for p in _peaks(weights[k] * z[r])), reverse=True)
    most = max(int(MOST_PER_DAY * days), 1)
    return max(by_chance, seen[most] if len(seen) > most else 0.0, 4.0)


def independence(z: Floats) -> float:
    """What a surprise weighs where one follows another: √((1 − ρ) / (1 + ρ)) with the
    autocorrelation ρ of neighbours, so that a slow drift is not taken for news each time."""
    if len(z) < 3 or z.std() == 0:
        return 1.0
    rho = float(np.clip(np.corrcoef(z[1:], z[:-1])[0, 1], 0.0, 0.95))
    return float(np.sqrt((1 - rho) / (1 + rho)))


def _keys(found: Surprises) -> dict[str, Integers]:
    """The rows of moves that touch each place, and of all."""
    moves = found.moves
    keys = {EVERYWHERE: np.arange(len(moves))}
    source, target = moves["source"].to_numpy(), moves["destination"].to_numpy()
    places = sorted(set(source) | set(target))
    if len(places) > 2:
        for place in places:
            rows = np.flatnonzero((source == place) | (target == place))
            if len(rows) >= 50:
                keys[place] = rows
    return keys


def _sums(z: Floats) -> Floats:
    """The one-sided CUSUM: the running sum less its running minimum."""
    total = np.concatenate([[0.0], np.cumsum(z - DRIFT)])
    return np.asarray((total - np.minimum.accumulate(total))[1:])


def _peaks(z: Floats) -> list[float]:
    """The height of every excursion above zero."""
    sums = _sums(z)
    ends = np.flatnonzero(sums == 0)
    bounds = np.concatenate([[0], ends, [len(sums)]])
    whole = np.maximum.reduceat(np.append(sums, 0.0), bounds[:-1]) if len(sums) else np.array([])
    return [float(p) for p in whole if p > 0]


def _alarms(key: str, rows: Integers, found: Surprises, limit: float) -> list[_Alarm]:
    z = np.clip(found.z[rows], *CLIP)
    z = independence(z) * z
    start = found.moves["start"].to_numpy()[rows]
    end = found.moves["end"].to_numpy()[rows]
    alarms: list[_Alarm] = []
    total, begin, raised, height, top = 0.0, 0, -1, 0.0, 0
    for i, value in enumerate(z):
        before = total
        # capped, so that what is over is seen to be over
        total = min(max(0.0, total + value - DRIFT), 1.5 * limit)
        if before == 0.0 and total > 0:
            begin = i
        if total > limit and raised < 0:
            raised = i
        if raised >= 0 and total > height:
            height, top = total, i
        if raised >= 0 and (total < limit / 2 or i == len(z) - 1):
            last = max(top, raised)
            alarms.append(_Alarm(int(start[begin]), int(end[raised]), int(end[last]), key, height))
            total, raised, height = 0.0, -1, 0.0
    return alarms


def _merge(alarms: Sequence[_Alarm]) -> list[list[_Alarm]]:
    """Alarms that overlap in time are one incident."""
    groups: list[list[_Alarm]] = []
    for alarm in sorted(alarms, key=lambda a: a.start):
        if groups and alarm.start <= max(a.end for a in groups[-1]) + GAP:
            groups[-1].append(alarm)
        else:
            groups.append([alarm])
    return groups


def _incident(
    group: list[_Alarm], found: Surprises, history: History, language: Language
) -> Incident:
    begin, end = min(a.start for a in group), max(a.end for a in group)
    ranked = sorted(group, key=lambda a: -a.height)
    places = tuple(dict.fromkeys(a.place for a in ranked if a.place != EVERYWHERE))
    if EVERYWHERE in {a.place for a in group} and len(places) != 1:
        places = (EVERYWHERE, *places)
    moves = found.moves
    within = (moves["end"].to_numpy() >= begin) & (moves["start"].to_numpy() <= end)
    touched = np.ones(len(moves), dtype=bool)
    named = [place for place in places if place != EVERYWHERE]
    if named:  # an incident is as large as it is where it happens
        ends = [moves[c].is_in(named).to_numpy() for c in ("source", "destination")]
        touched = ends[0] | ends[1]
    rows = np.flatnonzero(within & touched)
    minutes, normal, wide = (
        moves["minutes"].to_numpy()[rows],
        found.normal[rows],
        found.spread[rows],
    )
    width = 1.2816 * float(np.median(wide)) if len(rows) else 0.0
    middle = float(np.median(normal)) if len(rows) else float("nan")
    zone = history.zone
    return Incident(
        local(begin, zone), local(min(a.found for a in group), zone), local(end, zone),
        places or (EVERYWHERE,), len(rows),
        round(float(np.median(minutes)), 2), round(middle, 2),
        (round(middle * float(np.exp(-width)), 2), round(middle * float(np.exp(width)), 2)),
        round(float(np.exp(np.median(found.more[rows]))), 2),
        causes(found, rows, history, (begin, end), language), (begin, end),
        min(a.found for a in group),
    )  # fmt: skip
