"""Fabs with another layout, other effects and other seeds than those used while building; and
Numenta's travel times."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.forecasting_scores import moves_result
from sadari.domain import read_domain
from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting import (
    History,
    Rule,
    audit_rules,
    find_incidents,
    ingest,
    make_history,
    read_history,
    read_rules,
)
from sadari.forecasting.backtests.hours import CHOSEN
from sadari.forecasting.backtests.moves import backtest_moves
from sadari.forecasting.events.clock import DAY, HOUR
from sadari.forecasting.events.simulator import run_simulator
from sadari.forecasting.live.corrections import by_rules, trial
from sadari.forecasting.models.members import Members
from sadari.forecasting.quantiles import crps

FAB = Path(__file__).parents[1] / "examples" / "fab"
SECOND = FAB / "simulator" / "second"
NOTICED = HOUR // 2  # after the end of an incident that it may still be noticed


def unseen_fabs() -> dict[str, Any]:
    """The second fab, twice: single moves, rules, corrections, incidents of its own; and delays of
    known size laid over it while nothing else goes wrong."""
    return {f"second fab, seed {seed}": one_fab(seed) for seed in (211, 212)}


def one_fab(seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        history, truth = simulated(SECOND, Path(folder), days=56, seed=seed)
        quiet, _ = simulated(without_trouble(Path(folder)), Path(folder) / "q", days=56, seed=seed)
    rules = read_rules(FAB)
    found = backtest_moves(history, Members.make(rules).calibrated, folds=2, fold_days=10)
    plain = backtest_moves(history, folds=2, fold_days=10)
    pm = float(truth["effects"]["pm"])
    proposers = (
        ("rules", by_rules(rules)),
        ("model, scripted with the truth", lambda item, median: pm),
    )
    return {
        **moves_result(found),
        "crps_without_rules": round(float(crps(plain.forecasts[CHOSEN], plain.actual).mean()), 3),
        "rules": audited(rules, history, truth["effects"]),
        "corrections of PM": {
            name: gain_of(trial(found, history, "PM", proposer)) for name, proposer in proposers
        },
        "own incidents": own_incidents(history, truth["incidents"]),
        "laid incidents": laid_incidents(quiet, seed),
    }


def simulated(settings: Path, out: Path, *, days: int, seed: int) -> tuple[History, Any]:
    """A fab's history and the truth behind it."""
    forecast = read_domain(FAB).settings.forecast
    run_simulator(FAB, forecast.simulator, out / "logs", days=days, seed=seed, settings=settings)
    ingest(sorted((out / "logs").glob("*.csv")), forecast, out / "home")
    truth = json.loads((out / "logs" / "truth.json").read_text(encoding="utf-8"))
    return read_history(forecast, out / "home"), truth


def without_trouble(folder: Path) -> Path:
    """The second fab's settings with hardly a breakdown."""
    quiet = folder / "quiet"
    quiet.mkdir()
    for path in SECOND.glob("*.toml"):
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = [f"{line.split('=')[0]}= 0.001" if "_per_week" in line else line for line in lines]
        (quiet / path.name).write_text("\n".join(kept) + "\n", encoding="utf-8")
    return quiet


def audited(rules: tuple[Rule, ...], history: History, effects: dict[str, Any]) -> dict[str, Any]:
    """Each rule: declared, truth, what was measured, and the finding."""
    made = {}
    for audit in audit_rules(rules, history):
        m = audit.measured
        made[audit.rule.id] = {
            "declared": audit.rule.minutes, "truth": effects[audit.rule.id.replace("-", "_")],
            "measured": None if m is None else [round(x, 2) for x in (m.estimate, m.low, m.high)],
            "finding": audit.finding,
        }  # fmt: skip
    return made


def gain_of(found: Any) -> Any:
    if found is None:
        return "too few days"
    gain = found.gain
    return {
        "gain_minutes": round(gain.estimate, 3),
        "interval": [round(gain.low, 3), round(gain.high, 3)],
        "moves": found.moves, "days": found.days, "applied": found.pays,
    }  # fmt: skip


def own_incidents(history: History, truth: list[dict[str, Any]]) -> dict[str, Any]:
    """What broke down in the fab itself, and how much of it was noticed: by how much longer the
    moves on the routes concerned took than the route's median."""
    told = find_incidents(history)
    done = history.done.with_columns(
        more=pl.col("minutes") / pl.col("minutes").median().over("route")
    )
    rows = []
    for item in truth:
        begin, end = (
            int(datetime.fromisoformat(item[k]).timestamp() * 1000) for k in ("start", "end")
        )
        mine = done.filter(
            pl.col("route").is_in(item["routes"])
            & (pl.col("end") > begin)
            & (pl.col("start") < end)
        )
        if len(mine) >= 5:
            size = float(mine["more"].median() or 0)  # type: ignore[arg-type]
            hit = any(i.window[0] < end and begin <= i.found_at <= end + NOTICED for i in told)
            rows.append((size, hit))
    made: dict[str, Any] = {}
    for name, low, high in (
        ("below 1.3 times", 0, 1.3), ("1.3 to 1.6", 1.3, 1.6), ("1.6 to 2.5", 1.6, 2.5),
        ("2.5 times and more", 2.5, np.inf),
    ):  # fmt: skip
        hits = [hit for size, hit in rows if low <= size < high]
        made[name] = [sum(hits), len(hits)]
    spans = [span(item) for item in truth]
    outside = [
        i for i in told
        if not any(i.window[0] < end + NOTICED and i.window[1] > begin for begin, end in spans)
    ]  # fmt: skip
    days = (history.last - int(history.moves["start"][0])) / DAY
    made["told_per_day"] = round(len(told) / days, 2)
    made["told_beside_any_breakdown_per_day"] = round(len(outside) / days, 2)
    return made


def span(item: dict[str, Any]) -> tuple[int, int]:
    """Start and end in UTC milliseconds."""
    begin, end = (datetime.fromisoformat(item[key]).timestamp() for key in ("start", "end"))
    return int(begin * 1000), int(end * 1000)


def laid_incidents(history: History, seed: int) -> dict[str, Any]:
    """Delays of known size are laid over a fab without trouble of its own: twelve stretches of an
    hour at one place each, a size at a time."""
    result: dict[str, Any] = {}
    draw = np.random.default_rng(seed)
    done = history.moves
    first = int(done["start"][0])
    days = (history.last - first) / DAY
    quiet = find_incidents(history)
    result["false_per_day"] = round(len(quiet) / days, 2)
    places = sorted(set(done["source"]))
    for factor in (1.3, 1.6, 2.5):
        begins = np.sort(
            first + (np.arange(12) + 1 + draw.random(12) / 2) / 14 * days * DAY
        ).astype(int)
        ends = begins + DAY // 24
        slow = np.zeros(len(done), dtype=bool)
        for begin, end in zip(begins, ends, strict=True):
            place = str(draw.choice(places))
            here = (pl.col("source") == place) | (pl.col("destination") == place)
            slow |= (
                done.select(here & (pl.col("start") >= begin) & (pl.col("start") < end))
                .to_series()
                .to_numpy()
            )
        minutes = done["minutes"].to_numpy() * np.where(slow, factor, 1.0)
        laid = done.with_columns(
            minutes=pl.Series(minutes),
            end=pl.Series(done["start"].to_numpy() + (minutes * 60_000)).cast(pl.Int64),
        )
        told = find_incidents(
            History(laid, history.readings, history.schedule, history.stock, history.zone)
        )
        hits, delays = 0, []
        for begin, end in zip(begins, ends, strict=True):
            mine = [i for i in told if i.window[0] < end and begin <= i.found_at <= end + NOTICED]
            hits += bool(mine)
            delays += [(min(i.found_at for i in mine) - begin) / 60_000] if mine else []
        result[f"{factor} times"] = {
            "recall": round(hits / 12, 2),
            "median_minutes_to_notice": round(float(np.median(delays)), 1) if delays else None,
        }
    return result


def travel_times(folder: Path) -> dict[str, Any]:
    """TravelTime_387 and _451: found windows, and alarms outside of them, after NAB's probation."""
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text(encoding="utf-8"))
    result: dict[str, Any] = {}
    for name in ("TravelTime_387", "TravelTime_451"):
        key = f"realTraffic/{name}.csv"
        table = pl.read_csv(folder / "data" / key, try_parse_dates=True)
        at = table["timestamp"].cast(pl.Datetime("ms")).dt.epoch("ms")
        moves = pl.DataFrame(
            {"id": [str(i) for i in range(len(table))], "source": "A", "destination": "B",
             "priority": "", "vehicle": None, "start": at,
             "end": at + (table["value"].cast(pl.Float64) * 1000).cast(pl.Int64).clip(1000)},
        )  # fmt: skip
        found = find_incidents(make_history(moves, settings=ForecastSettings()))
        probation = int(at[int(0.15 * len(table))])
        windows = [
            [
                int(
                    pl.Series([t])
                    .str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="ms")
                    .dt.epoch("ms")[0]
                )
                for t in w
            ]
            for w in labels[key]
        ]
        alarms = [i.found_at for i in found if i.found_at >= probation]
        hit = [any(a <= x <= b for x in alarms) for a, b in windows]
        outside = [x for x in alarms if not any(a <= x <= b for a, b in windows)]
        span = (int(at[-1]) - probation) / DAY
        result[name] = {
            "windows_found": [sum(hit), len(windows)],
            "alarms_outside": len(outside),
            "outside_per_day": round(len(outside) / span, 2),
            "nab_score": nab_score(alarms, windows, at.to_numpy(), probation),
        }
    return result


def nab_score(alarms: list[int], windows: list[list[int]], at: Any, probation: int) -> float:
    """The standard profile of NAB (Lavin and Ahmad 2015): the first alarm of a window counts by a
    sigmoid of its place, one outside costs .11 by its distance, a missed window costs 1. Scaled so
    that no alarm is 0 and every window found at its start is 100."""

    def sigmoid(position: float) -> float:
        return 2 / (1 + float(np.exp(5 * position))) - 1

    rows = np.searchsorted(at, sorted(alarms))
    bounds = [np.searchsorted(at, w) for w in windows if w[1] >= probation]
    total = -float(len(bounds))
    for begin, end in bounds:
        inside = [r for r in rows if begin <= r <= end]
        if inside:
            total += 1 + sigmoid((inside[0] - end) / max(end - begin, 1)) / sigmoid(-1)
    for row in rows:
        if any(b <= row <= e for b, e in bounds):
            continue
        before = [(b, e) for b, e in bounds if e < row]
        place = (row - before[-1][1]) / max(before[-1][1] - before[-1][0], 1) if before else 3.0
        total += 0.11 * (sigmoid(min(place, 3.0)) if before else -1.0)
    perfect, null = float(len(bounds)), -float(len(bounds))
    return round(100 * (total - null) / (perfect - null), 1) if bounds else float("nan")
