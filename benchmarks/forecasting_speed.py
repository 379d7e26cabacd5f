"""How fast: events in, forecasts out."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.drawing import Curve, draw_panels
from benchmarks.forecasting_fab import FAB, simulated
from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting import fit_predictor, ingest, read_rules
from sadari.forecasting.backtests.hours import backtest_hours
from sadari.forecasting.events.clock import DAY
from sadari.forecasting.events.inbox import Inbox
from sadari.forecasting.events.kinds import MOVES
from sadari.forecasting.live.kept import read_kept, restore, write_predictor
from sadari.forecasting.models.candidates import hour_forecasters
from sadari.forecasting.models.panel import Panel, route_hours


def ingest_growth(sizes: list[int], drawing: Path) -> dict[str, Any]:
    """From CSV into the inbox, then from Parquet to route-hours, by number of events; each size in
    a process of its own, for its peak memory."""
    rows = []
    for size in sizes:
        command = [sys.executable, "-m", "benchmarks.forecasting_speed", str(size)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=3600)
        rows.append(json.loads(done.stdout))
    draw_panels(drawing, seconds_panel(rows), memory_panel(rows))
    return {f"{row['events']:,} events": row for row in rows}


def ingest_speed(size: int) -> dict[str, Any]:
    draw = np.random.default_rng(0)
    start = 1_772_409_600_000 + np.sort(draw.integers(0, 120 * DAY, size))
    frame = pl.DataFrame(
        {"id": [f"C{i:08d}" for i in range(size)],
         "source": [f"P{i}" for i in draw.integers(0, 15, size)],
         "destination": [f"Q{i}" for i in draw.integers(0, 14, size)], "start": start,
         "end": start + draw.integers(60_000, 1_800_000, size)},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "moves.csv"
        frame.with_columns(pl.col("start", "end").cast(pl.Datetime("ms", "UTC"))).write_csv(
            path, datetime_format="%Y-%m-%dT%H:%M:%S%.3fZ"
        )
        del frame, start
        times = [(time.perf_counter(), time.process_time())]
        ingest([path], ForecastSettings(), Path(folder) / "home")
        times.append((time.perf_counter(), time.process_time()))
        inbox = Inbox(Path(folder) / "home")
        inbox.scan(MOVES).select(pl.len()).collect()
        times.append((time.perf_counter(), time.process_time()))
        hours = len(route_hours(inbox.scan(MOVES)))
        times.append((time.perf_counter(), time.process_time()))
        inbox.close()
    spent, cpu = np.diff(times, axis=0).T
    return {
        "events": size,
        "ingest_cpu_seconds": round(cpu[0], 2),
        "ingested_per_cpu_second": int(size / cpu[0]),
        "first_parquet_cpu_seconds": round(cpu[1], 2),
        "route_hours_cpu_seconds": round(cpu[2], 3),
        "ingest_seconds": round(spent[0], 2),
        "route_hours_seconds": round(spent[2], 3),
        "route_hours": hours,
        "peak_mib": peak_mib(),
    }


def seconds_panel(rows: list[dict[str, Any]]) -> Curve:
    """Seconds by events, on logarithmic axes: a straight line of slope 1 is cost in proportion."""

    def curve(axes: Any) -> None:
        for name in ("ingest", "first_parquet", "route_hours"):
            spent = [row[f"{name}_cpu_seconds"] for row in rows]
            axes.loglog([row["events"] for row in rows], spent, "o-", label=name)
        axes.set_xlabel("events")
        axes.set_ylabel("CPU seconds")
        axes.legend(frameon=False)

    return curve


def memory_panel(rows: list[dict[str, Any]]) -> Curve:
    """Peak memory by events."""

    def curve(axes: Any) -> None:
        axes.semilogx([row["events"] for row in rows], [row["peak_mib"] for row in rows], "o-")
        axes.set_xlabel("events")
        axes.set_ylabel("peak memory, MiB")
        axes.set_ylim(0)

    return curve


def peak_mib() -> int:
    """The most memory that this process has held."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10)


def answer_speed() -> dict[str, Any]:
    """On 40 days of the fab: fitting, an update with the newest day without it, and answers."""
    with tempfile.TemporaryDirectory() as folder:
        history, _ = simulated(FAB / "simulator", Path(folder), days=40, seed=103)
        earlier = history.until(history.last - DAY)
        began = time.process_time()
        predictor = fit_predictor(earlier, read_rules(FAB))
        fitted = time.process_time() - began
        path = Path(folder) / "predictor.json"
        write_predictor(predictor, path)
        began = time.process_time()
        kept = read_kept(path)
        assert kept.learnt.holds(history)
        predictor = restore(kept, history)
        updated = time.process_time() - began
    result: dict[str, Any] = {
        "moves": len(history.moves),
        "fit_cpu_seconds": round(fitted, 1),
        "update_cpu_seconds": round(updated, 2),
    }
    for name, reasons in (("plain", False), ("with reasons and cases", True)):
        spent = []
        for k in range(60):
            route = predictor.routes[k % len(predictor.routes)]
            began = time.process_time(), time.perf_counter()
            predictor.predict(route, history.last - k * 600_000, reasons=reasons)
            spent.append((time.process_time() - began[0], time.perf_counter() - began[1]))
        cpu, wall = 1000 * np.array(spent[5:]).T
        result[name] = {
            "p50_cpu_milliseconds": round(float(np.median(cpu)), 1),
            "p50_milliseconds": round(float(np.median(wall)), 1),
            "p95_milliseconds": round(float(np.quantile(wall, 0.95)), 1),
        }
    return result


def two_hundred_routes() -> dict[str, Any]:
    """A backtest of 200 routes over 28 origins: CPU seconds, the wait, the memory; and an hour's
    update: new forecasts from all that came in, without fitting anew."""
    draw = np.random.default_rng(0)
    hour = np.arange(70 * 24)
    usual = 10 + 3 * np.sin(hour / 24 * 2 * np.pi) + 2 * (hour // 24 % 7 == 4)
    values = usual * np.exp(draw.normal(0, 0.15, (200, len(hour))))
    values[draw.random(values.shape) < 0.3] = np.nan
    panel = Panel(tuple(f"r{i}" for i in range(200)), values, 490_000)
    models = hour_forecasters([], 24)
    began = time.perf_counter()
    found = backtest_hours(panel, models, horizon=24, origins=28, warm_up=4)
    waited = time.perf_counter() - began
    update = {}
    for model in models:
        start = time.process_time()
        model.predict(panel, 24)
        update[model.name] = round(time.process_time() - start, 2)
    return {
        "wall_seconds": round(waited, 1),
        "cpu_seconds": {name: round(value, 1) for name, value in found.seconds.items()},
        "update_cpu_seconds": update,
        "peak_mib": peak_mib(),
    }


if __name__ == "__main__":
    print(json.dumps(ingest_speed(int(sys.argv[1]))))
