"""Forecasts beside their peers, on the same data and origins: M4 hourly, flights as single moves,
incidents in a fab that was not seen while building, ingest, and the time that an answer takes.

    python -m benchmarks.forecasting --data FOLDER [--only m4 flights fab nab ingest answer scale]

FOLDER holds m4_hourly/, pnwflights14/ and nab/ (the M4 competition's hourly series, CRAN's
pnwflights14, Numenta's benchmark). Parts that need a set that is not there are left out.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.forecasting_fab import travel_times, unseen_fabs
from benchmarks.forecasting_scores import hours_result, moves_result, paired, score, series_scores
from benchmarks.forecasting_speed import answer_speed, ingest_growth, two_hundred_routes
from benchmarks.kept import add_out, keep
from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting import History, make_history
from sadari.forecasting.backtests.hours import CHOSEN, backtest_hours
from sadari.forecasting.backtests.moves import backtest_moves
from sadari.forecasting.models.candidates import hour_forecasters
from sadari.forecasting.models.panel import WEEK, Panel
from sadari.forecasting.quantiles import LEVELS, Floats

PARTS = ["ingest", "answer", "fab", "flights", "nab", "m4", "scale"]
LIBRARIES = ("numpy", "polars", "lightgbm", "torch", "prophet", "statsforecast")
TRIO = ("prophet", "auto arima", "lstm")


class AutoArima:
    """The peer: AutoARIMA of statsforecast with a season of a day, fitted anew at each origin."""

    name = "auto arima"

    def fit(self, panel: Panel) -> None:
        """Nothing to keep."""

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Normal quantiles from its own 80 % interval."""
        from scipy.special import ndtri
        from statsforecast.models import AutoARIMA

        found = np.full((len(panel.names), horizon, len(LEVELS)), np.nan)
        for row, series in enumerate(panel.values):
            known = series[~np.isnan(series)][-3 * WEEK :]
            model = AutoARIMA(
                season_length=24, max_p=2, max_q=2, max_P=1, max_Q=1, approximation=True
            )
            made = model.forecast(known, horizon, level=[80])
            point, high = np.asarray(made["mean"]), np.asarray(made["hi-80"])
            deviation = (high - point) / ndtri(0.9)
            found[row] = point[:, None] + deviation[:, None] * ndtri(LEVELS)
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--series", type=int, default=60)
    parser.add_argument("--events", type=int, nargs="+", default=[10**5, 10**6, 10**7])
    add_out(parser, "forecasting")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    parts: dict[str, Any] = {
        "ingest": lambda: ingest_growth(
            asked.events, asked.out.with_name("forecasting_growth.svg")
        ),
        "answer": answer_speed,
        "fab": unseen_fabs,
        "scale": two_hundred_routes,
        "flights": lambda: flights(asked.data / "pnwflights14"),
        "nab": lambda: travel_times(asked.data / "nab"),
        "m4": lambda: m4(asked.data / "m4_hourly", asked.series),
    }
    for name in asked.only:
        if name in ("flights", "nab", "m4") and asked.data is None:
            continue
        began = time.perf_counter()
        load = round(os.getloadavg()[0], 1)
        found = parts[name]()
        found |= {"seconds": round(time.perf_counter() - began, 1), "load": load}
        keep(asked.out, {name: found}, libraries=LIBRARIES)
        print(json.dumps({name: found}, indent=1, ensure_ascii=False), flush=True)


# Series of hours


def m4(folder: Path, count: int) -> dict[str, Any]:
    """The competition's last 48 hours, with earlier stretches of the same length to calibrate."""
    rows = []
    for name in ("Hourly-train.csv", "Hourly-test.csv"):
        with (folder / name).open(encoding="utf-8") as file:
            rows.append(list(csv.reader(file))[1:])
    chosen = np.linspace(0, len(rows[0]) - 1, count).astype(int)
    series = [[float(x) for part in rows for x in part[i][1:] if x] for i in chosen]
    values = np.full((count, max(map(len, series))), np.nan)
    for row, numbers in enumerate(series):
        values[row, -len(numbers) :] = numbers
    panel = Panel(tuple(rows[0][i][0] for i in chosen), values, 0)
    mine = hour_forecasters([], 48)
    theirs = [*hour_forecasters(["prophet"], 48), AutoArima(), *hour_forecasters(["lstm"], 48)]
    how: dict[str, Any] = {"horizon": 48, "step": 48, "origins": 1}
    found = backtest_hours(panel, mine, warm_up=4, **how)
    peers = backtest_hours(panel, theirs, warm_up=0, **how)
    trio = np.median(np.stack([peers.raw[name] for name in TRIO]), axis=0)
    own = series_scores(found.forecasts[CHOSEN], found)
    return {
        **hours_result(found),
        "peers": {name: score(peers.raw[name], found) for name in TRIO},
        "trio_median": score(trio, found),
        "chosen_below_trio": paired(own, series_scores(trio, found)),
        "cpu_seconds_an_origin_ours": round(found.seconds["combination"] / 5, 1),
        "cpu_seconds_an_origin_trio": round(sum(peers.seconds[name] for name in TRIO), 1),
    }


# Single moves


def flights(folder: Path) -> dict[str, Any]:
    """From the scheduled departure on: the delay and the time in the air, on the 60 busiest routes;
    and the time in the air alone. The last 60 days in stretches of 20."""
    return {
        kind: moves_result(backtest_moves(flight_log(folder, kind), folds=2, fold_days=30))
        for kind in ("delay and air time", "air time")
    }


def flight_log(folder: Path, kind: str) -> History:
    import pyreadr

    table = next(iter(pyreadr.read_r(str(folder / "flights.rda")).values()))
    columns = [
        "year",
        "month",
        "day",
        "dep_time",
        "dep_delay",
        "air_time",
        "carrier",
        "origin",
        "dest",
    ]
    flown = pl.from_pandas(table[columns]).drop_nulls()
    clock = pl.col("dep_time").cast(pl.Int64)
    local = pl.datetime("year", "month", "day", time_unit="ms").dt.offset_by(
        pl.format("{}m", (clock // 100) * 60 + clock % 100)
    )
    zone = "America/Los_Angeles"
    left = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.epoch(
        "ms"
    )
    flown = flown.with_columns(left=left, route=pl.col("origin") + pl.col("dest")).drop_nulls(
        "left"
    )
    delay = pl.col("dep_delay") if kind == "delay and air time" else pl.lit(0.0)
    minutes = delay + pl.col("air_time")
    flown = flown.with_columns(
        start=pl.col("left") - (delay * 60_000).cast(pl.Int64), minutes=minutes
    ).filter(minutes > 0)
    busiest = (
        flown["route"].value_counts(sort=True).sort("count", "route", descending=[True, False])
    )
    flown = flown.filter(pl.col("route").is_in(busiest["route"].head(60).to_list()))
    weather = pl.read_csv(folder / "weather.csv", infer_schema_length=None, null_values=["NA"])
    hour = pl.datetime("year", "month", "day", "hour", time_unit="ms")
    weather = weather.with_columns(
        at=hour.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.epoch("ms")
    ).drop_nulls("at")
    names = ("wind_speed", "visib", "precip", "temp")
    readings = pl.concat(
        [
            weather.select(
                sensor=pl.lit(n),
                place="origin",
                at="at",
                value=pl.col(n).cast(pl.Float64, strict=False),
            )
            for n in names
        ]
    ).drop_nulls()
    moves = flown.with_row_index().select(
        id=pl.col("index").cast(pl.String), source="origin", destination="dest", priority="carrier",
        vehicle=pl.lit(None, dtype=pl.String), start="start",
        end=pl.col("start") + (pl.col("minutes") * 60_000).cast(pl.Int64),
    )  # fmt: skip
    return make_history(moves, readings, settings=ForecastSettings(time_zone=zone))


if __name__ == "__main__":
    main()
