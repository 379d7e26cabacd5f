"""`forecast …`: what the log of moves says beside forecasts: rules, incidents, seasons, advice."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from sadari.cli.common import DomainArgument, JsonOption, open_events, output, print_json, say


def rules(domain: DomainArgument, json: JsonOption = False) -> None:
    """Set each declared rule beside what the data say: agrees, disagrees, cannot tell.

    Example: sadari forecast rules examples/fab
    """
    from sadari.forecasting import audit_rules, read_history, read_rules
    from sadari.forecasting.live.words import FINDING

    folder, settings, home = open_events(domain)
    audits = audit_rules(read_rules(domain), read_history(settings, home))
    if json:
        print_json([{**asdict(a), "rule": a.rule.model_dump()} for a in audits])
        return
    if not audits:
        say(escape(f"There are no rules. Declare some in {domain / 'rules.toml'}."))
        return
    table = Table()
    for name in ("rule", "declared", "measured", "95 % interval", "moves", "days", "finding"):
        side: Literal["left", "right"] = "left" if name in ("rule", "finding") else "right"
        table.add_column(name, justify=side, overflow="fold")  # Korean has long words
    colour = {"agrees": "green", "disagrees": "red", "cannot tell": "yellow"}
    for a in audits:
        seen = ("–", "–")
        if a.measured is not None:
            seen = (
                f"{a.measured.estimate:+.1f}",
                f"{a.measured.low:+.1f} … {a.measured.high:+.1f}",
            )
        table.add_row(
            escape(a.rule.text), f"{a.rule.minutes:+g}", *seen, f"{a.moves:,}", str(a.days),
            f"[{colour[a.finding]}]{FINDING[a.finding][folder.settings.language]}[/]",
        )  # fmt: skip
    output.print(table)


def anomalies(
    domain: DomainArgument,
    days: Annotated[int, typer.Option(min=1, help="Incidents of the last days.")] = 7,
    json: JsonOption = False,
) -> None:
    """Incidents: when moves took longer than normal, how much, and three likely causes.

    Example: sadari forecast anomalies examples/fab --days 14
    """
    from sadari.forecasting import find_incidents, read_history
    from sadari.forecasting.events.clock import DAY
    from sadari.forecasting.insight.telling import incident_lines

    folder, settings, home = open_events(domain)
    language = folder.settings.language
    history = read_history(settings, home)
    found = find_incidents(history, since=history.last - days * DAY, language=language)
    if json:
        print_json([asdict(incident) for incident in found])
        return
    say(f"{len(found)} incidents in the last {days} days.")
    for incident in found:
        head, *lines = incident_lines(incident, language)
        output.print(head, style="bold", markup=False, soft_wrap=True)
        for line in lines:
            output.print(f"  {line}", markup=False, soft_wrap=True)


def bottlenecks(
    domain: DomainArgument,
    days: Annotated[int, typer.Option(min=1, help="The last days.")] = 7,
    json: JsonOption = False,
) -> None:
    """Places by the minutes lost there to more than usual.

    Example: sadari forecast bottlenecks examples/fab
    """
    from sadari.forecasting import bottlenecks, read_history

    _, settings, home = open_events(domain)
    found = bottlenecks(read_history(settings, home), days)
    if json:
        print_json([asdict(place) for place in found])
        return
    table = Table()
    for name in ("place", "moves", "minutes lost", "share", "median", "slow moves"):
        table.add_column(name, justify="left" if name == "place" else "right")
    for b in found:
        numbers = (f"{b.lost_minutes:,.0f}", f"{b.share:.0%}", f"{b.median_minutes:.1f}")
        table.add_row(escape(b.place), f"{b.moves:,}", *numbers, f"{b.slow:.0%}")
    output.print(table)


def seasonality(domain: DomainArgument, json: JsonOption = False) -> None:
    """How much goes with the hour of the day and of the week, and which times stand out.

    Example: sadari forecast seasonality examples/fab
    """
    from sadari.forecasting import read_history, seasonality
    from sadari.forecasting.insight.telling import season_lines

    folder, settings, home = open_events(domain)
    language = folder.settings.language
    found = seasonality(read_history(settings, home), language)
    if json:
        print_json(asdict(found))
        return
    for line in season_lines(found, language):
        output.print(line, markup=False, soft_wrap=True)


def advice(domain: DomainArgument, json: JsonOption = False) -> None:
    """The last seven days by route, when stocks run low, and what to do next week.

    Example: sadari forecast advice examples/fab
    """
    from sadari.forecasting import advice, read_history

    folder, settings, home = open_events(domain)
    reorder_at, language = settings.stock.reorder_at, folder.settings.language
    found = advice(read_history(settings, home), reorder_at, language=language)
    if json:
        print_json(asdict(found))
        return
    table = Table(title="The last seven days, in minutes", title_justify="left")
    for name in ("route", "moves", "mean", "spread", "before", "peak hours"):
        table.add_column(name, justify="left" if name == "route" else "right")
    for r in found.routes:
        before = "–" if r.before is None else f"{r.before:.1f}"
        hours = ", ".join(f"{h:02d}" for h in r.peak_hours)
        table.add_row(
            escape(r.route), str(r.moves), f"{r.mean:.1f}", f"{r.spread:.1f}", before, hours
        )
    output.print(table)
    for line in found.sentences:
        output.print(line, markup=False, soft_wrap=True)
