"""`forecast …`: from a log of moves to forecasts."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from sadari.cli import insight
from sadari.cli.common import (
    DomainArgument,
    JsonOption,
    messages,
    open_events,
    output,
    print_json,
    say,
    stages,
)

if TYPE_CHECKING:
    from sadari.domain.forecast_settings import ForecastSettings
    from sadari.forecasting import Predictor
    from sadari.forecasting.events.inbox import Counts
    from sadari.text.language import Language

BAND = 22  # characters of the terminal for an interval

app = typer.Typer(
    help="Forecast how long moves take, from their log: backtested, calibrated, explained.\n\n"
    "Example: sadari forecast simulate examples/fab --days 60",
    no_args_is_help=True,
)


@app.command()
def simulate(
    domain: DomainArgument,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days.")] = 60,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 7,
    out: Annotated[Path | None, typer.Option(help="Where to write the logs.")] = None,
    settings: Annotated[
        Path | None, typer.Option(help="Another folder of the simulator's settings.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Run the domain's own simulator; it writes logs, and the truth behind them beside.

    Example: sadari forecast simulate examples/fab --days 60 --seed 7 --out logs
    """
    from sadari.forecasting.events.simulator import run_simulator

    _, forecast, home = open_events(domain)
    target = out or home.parent / "simulated"
    with stages() as watch:
        written = run_simulator(
            domain, forecast.simulator, target, days=days, seed=seed, settings=settings,
            watch=lambda done, total: watch("simulating days", done, total),
        )  # fmt: skip
    if json:
        print_json({"out": str(target), "rows": written})
        return
    for name, rows in written.items():
        output.print(f"{target / name}: {rows:,} rows", markup=False, soft_wrap=True)
    say(f"Next: sadari forecast ingest {domain} {target}")


@app.command()
def ingest(
    domain: DomainArgument,
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of them.")],
    json: JsonOption = False,
) -> None:
    """Take events in: CSV, Parquet, JSON lines. What was taken in survives a crash; the same file
    again changes nothing; rows that cannot be used are set aside with the reason.

    Example: sadari forecast ingest examples/fab logs
    """
    from sadari.forecasting import event_files, ingest

    _, settings, home = open_events(domain)
    files = event_files(paths, settings)
    with stages() as watch:
        found: dict[str, tuple[str, Counts]] = {}
        for done, path in enumerate(files, start=1):
            found |= ingest([path], settings, home)
            watch("reading files", done, len(files))
    if json:
        print_json({p: {"kind": k, **asdict(c)} for p, (k, c) in found.items()})
        return
    table = Table()
    for name in ("file", "kind", "rows", "new", "revised", "repeated", "set aside"):
        table.add_column(name, justify="left" if name in ("file", "kind") else "right")
    for name, (kind, c) in found.items():
        numbers = (c.rows, c.new, c.revised, c.repeated, c.set_aside)
        table.add_row(escape(Path(name).name), kind, *(f"{n:,}" for n in numbers))
    output.print(table)
    if twice := sum(c.ambiguous for _, c in found.values()):
        say(f"{twice} times lie in an hour that the clock shows twice; the first was taken.")
    if any(c.set_aside for _, c in found.values()):
        say(f"Why rows were set aside: sadari forecast status {domain}")


@app.command()
def status(domain: DomainArgument, json: JsonOption = False) -> None:
    """Say which events there are, from when to when, what is missing, and what was set aside.

    Example: sadari forecast status examples/fab
    """
    from sadari.forecasting import standing

    _, settings, home = open_events(domain)
    found = standing(settings, home)
    if json:
        print_json(found)
        return
    table = Table()
    for name in ("kind", "events", "from", "to"):
        table.add_column(name, justify="right" if name == "events" else "left")
    for row in found["kinds"]:
        table.add_row(row["kind"], f"{row['events']:,}", row["from"], row["to"])
    output.print(table)
    if found["under_way"]:
        output.print(f"{found['under_way']:,} moves have no end yet: they are load, not history.")
    if strays := found["wrong_clock"]:
        output.print(
            f"{len(strays):,} moves lie far from all others in time ({strays[0]} to {strays[-1]}): "
            "a clock was wrong. Forecasts leave them out.", soft_wrap=True,
        )  # fmt: skip
    if same := found["same_under_other_ids"]:
        output.print(
            f"{same:,} moves say the same as another but for the id: if they are the same moves, "
            f'they count twice. id = "" in [forecast.moves] knows a move by all that it says.',
            markup=False, soft_wrap=True,
        )  # fmt: skip
    for row in found["set_aside"]:
        output.print(
            f"{row['rows']:,} × {row['file']}: {row['reason']} (first in line {row['line']})",
            markup=False, soft_wrap=True,
        )  # fmt: skip


@app.command()
def backtest(
    domain: DomainArgument,
    origins: Annotated[int, typer.Option(min=1, max=366, help="Days of route-hours to score.")] = 7,
    folds: Annotated[int, typer.Option(min=1, max=60, help="Weeks of moves to score.")] = 2,
    report: Annotated[Path | None, typer.Option(help="Where to write the page.")] = None,
    json: JsonOption = False,
) -> None:
    """Let every model forecast what came, knowing only what was before; say which
    did best on each route.

    Example: sadari forecast backtest examples/fab --origins 14
    """
    from sadari.forecasting import backtest, read_history, read_rules
    from sadari.forecasting.backtests.report import as_dict
    from sadari.forecasting.live.page import write_page

    folder, settings, home = open_events(domain)
    history = read_history(settings, home)
    with stages() as watch:
        found = backtest(
            history, settings, read_rules(domain), origins=origins, folds=folds, watch=watch
        )
    page = report or home / "backtest.html"
    write_page(page, f"{folder.id}: backtest", list(found.summaries), found.hours)
    if json:
        print_json(as_dict(list(found.summaries)))
        return
    for summary in found.summaries:
        title = "Single moves" if summary.estimand == "move" else "Route-hours"
        table = Table(title=title, title_justify="left")
        names = ("model", "targets", "MASE", "CRPS", "coverage", "width", "int. score", "seconds")
        for column in names:
            table.add_column(column, justify="left" if column == "model" else "right")
        for row in summary.models:
            table.add_row(
                row.model, f"{row.n:,}", f"{row.mase:.3f}", f"{row.scaled_crps:.3f}",
                f"{row.coverage:.3f}", f"{row.width:.2f}", f"{row.interval_score:.2f}",
                "" if row.seconds is None else f"{row.seconds:.1f}",
                style="bold" if row.model == "chosen" else "",
            )  # fmt: skip
        output.print(table)
        best = Counter(route.model for route in summary.routes)
        if summary.hours is not None:
            say(
                f"{summary.empty_hours:,} of {summary.hours:,} hours had no move: unknown, not "
                "zero, and not scored."
            )
        say("Best in this backtest: " + ", ".join(f"{m} on {n} routes" for m, n in best.items()))
    say(f"Every route with its reason, and plots: {page}")


RouteOption = Annotated[
    str, typer.Option("--route", help='Like "A→B" or "A->B".', show_default=False)
]
AtOption = Annotated[
    str | None,
    typer.Option("--at", help="Local time, like 2026-04-30T14:50; else the last event's."),
]


@app.command()
def predict(
    domain: DomainArgument,
    route: RouteOption,
    at: AtOption = None,
    priority: Annotated[str, typer.Option(help="Of the move; else the most common.")] = "",
    hours: Annotated[
        int | None,
        typer.Option(min=1, max=24, help="The route's next hours instead of one move."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="With --hours: where to draw them, as an SVG.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """How long a move will take, in minutes: quantiles, what moved them, like cases, rules. With
    --hours the route's next hours, from the last event on.

    Example: sadari forecast predict examples/fab --route "Bay5→Bay12" --at 2026-04-30T14:50
    """
    from sadari.forecasting import load, predict
    from sadari.forecasting.live.words import details, sentence

    if hours is not None and (at or priority):
        raise typer.BadParameter("--hours starts at the last event, for all priorities.")
    if plot is not None and hours is None:
        raise typer.BadParameter("--plot needs --hours.")
    folder, settings, home = open_events(domain)
    language = folder.settings.language
    with messages.status("fitting, if many events are new…"):
        predictor = load(domain, settings, home)
    if hours is not None:
        _coming(predictor, settings, home, route, hours, language, plot, json)
        return
    found = predict(predictor, route, at, priority=priority, language=language)
    if json:
        print_json(asdict(found))
        return
    output.print(sentence(found, language), style="bold", markup=False, soft_wrap=True)
    levels = "  ".join(f"{100 * q:.0f} %: {m:.1f}" for q, m in found.quantiles)
    output.print(f"minutes  {levels}", markup=False, soft_wrap=True)
    for line in details(found, language):
        output.print(f"  {line}", markup=False, soft_wrap=True)


def _coming(
    predictor: Predictor,
    settings: ForecastSettings,
    home: Path,
    route: str,
    hours: int,
    language: Language,
    plot: Path | None,
    json: bool,
) -> None:
    """A route's next hours: a table with the band of each hour drawn, in minutes."""
    from sadari.forecasting import coming_hours, load_outlook
    from sadari.forecasting.live.coming import hours_lines
    from sadari.forecasting.live.words import when

    with stages() as watch:
        outlook = load_outlook(predictor.history, settings, home, watch)
    found = coming_hours(predictor, outlook, route, hours, language)
    if plot is not None:
        from sadari.forecasting.live.page import hours_plot

        plot.write_text(hours_plot(found), encoding="utf-8")
        say(f"Drawn: {plot}")
    if json:
        print_json(asdict(found))
        return
    head, *lines = hours_lines(found, language)
    output.print(head, style="bold", markup=False, soft_wrap=True)
    table = Table()
    table.add_column("hour", no_wrap=True)
    shown = (0, 2, 4, 6, 8)
    for level, _ in (found.hours[0].quantiles[i] for i in shown):
        table.add_column(f"{100 * level:.0f} %", justify="right")
    table.add_column("10 % ─ 50 % ─ 90 %")
    low = min(hour.interval[0] for hour in found.hours)
    high = max(hour.interval[1] for hour in found.hours)
    for hour in found.hours:
        minutes = (f"{hour.quantiles[i][1]:.1f}" for i in shown)
        table.add_row(
            when(hour.at[5:], language), *minutes, _band(hour.interval, hour.median, low, high)
        )
    output.print(table)
    for line in lines:
        output.print(line, markup=False, soft_wrap=True)


def _band(interval: tuple[float, float], median: float, low: float, high: float) -> str:
    """An interval and its median on a line of BAND characters from `low` to `high`."""
    scale = (BAND - 1) / max(high - low, 1e-9)
    begin, middle, end = (round((x - low) * scale) for x in (interval[0], median, interval[1]))
    line = [" "] * BAND
    line[begin : end + 1] = "─" * (end + 1 - begin)
    line[middle] = "●"
    return "".join(line)


app.command()(insight.rules)
app.command()(insight.anomalies)
app.command()(insight.bottlenecks)
app.command()(insight.seasonality)
app.command()(insight.advice)
