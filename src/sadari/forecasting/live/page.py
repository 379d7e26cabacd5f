"""A backtest as a page: tables, and what was forecast beside what came; and coming hours."""

from __future__ import annotations

import warnings
from io import StringIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from sadari.forecasting.backtests.hours import CHOSEN, HourBacktest
from sadari.forecasting.backtests.report import Summary
from sadari.forecasting.live.coming import HourForecast
from sadari.forecasting.quantiles import HIGH, LOW, MIDDLE
from sadari.store import whole_file
from sadari.text.pages import render_page

SHOWN = 6  # routes with a plot


def write_page(
    path: Path, title: str, summaries: list[Summary], hours: HourBacktest | None
) -> None:
    """Writes one HTML file without outside parts."""
    plots = (
        [] if hours is None else [route_plot(hours, i) for i in range(min(SHOWN, len(hours.names)))]
    )
    bars = [(s.estimand, model_plot(s)) for s in summaries]
    page = render_page(
        "sadari.forecasting.live",
        "backtest.html.j2",
        title=title,
        summaries=summaries,
        plots=plots,
        bars=dict(bars),
    )
    with whole_file(path) as file:
        file.write(page)


def model_plot(summary: Summary) -> str:
    """Scaled CRPS of each model as an SVG: shorter is better."""
    rows = summary.models
    figure = Figure(figsize=(8, 0.6 + 0.32 * len(rows)))
    axes = figure.subplots()
    colours = ["#1b7f79" if r.model == CHOSEN else "#9aa5b1" for r in rows]
    axes.barh(range(len(rows)), [r.scaled_crps for r in rows], color=colours, height=0.6)
    axes.set_yticks(range(len(rows)), [r.model for r in rows])
    axes.invert_yaxis()
    axes.set_xlabel("scaled CRPS")
    return _svg(figure)


def route_plot(found: HourBacktest, series: int) -> str:
    """The 80 % band, the median and what came on one route, over all origins."""
    horizon = found.actual.shape[2]
    figure = Figure(figsize=(8, 2.4))
    axes = figure.subplots()
    for k, origin in enumerate(found.origins):
        hours = (origin + np.arange(horizon) - found.origins[0]) / 24
        band = found.forecasts[CHOSEN][k, series]
        axes.fill_between(hours, band[:, LOW], band[:, HIGH], color="#1b7f79", alpha=0.22, lw=0)
        axes.plot(hours, band[:, MIDDLE], color="#1b7f79", linewidth=1.2)
        axes.plot(hours, found.actual[k, series], ".", color="#222", markersize=3)
    axes.set_title(found.names[series], loc="left", fontsize=11)
    axes.set_xlabel("days")
    axes.set_ylabel("minutes")
    return _svg(figure)


def hours_plot(found: HourForecast) -> str:
    """The bands and the median of a route's coming hours, as an SVG; the line is what is usual."""
    figure = Figure(figsize=(8, 2.8))
    axes = figure.subplots()
    hours = np.arange(len(found.hours))
    minutes = np.array([[m for _, m in hour.quantiles] for hour in found.hours])
    for k in range(MIDDLE):
        axes.fill_between(
            hours, minutes[:, k], minutes[:, HIGH - k], color="#1b7f79", alpha=0.12, linewidth=0
        )
    axes.plot(hours, minutes[:, MIDDLE], color="#1b7f79", linewidth=1.6)
    axes.axhline(found.usual_minutes, color="#9aa5b1", linewidth=1, linestyle="--")
    axes.set_xticks(hours[::3], [hour.at[11:13] for hour in found.hours[::3]])
    axes.set_title(f"{found.route}, {found.hours[0].at}", loc="left", fontsize=11)
    axes.set_ylabel("minutes")
    return _svg(figure)


def _svg(figure: Figure) -> str:
    out = StringIO()
    with (
        mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sadari"}),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        for axes in figure.axes:
            axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(
            out, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None}
        )
    text = out.getvalue()
    return text[text.index("<svg") :]
