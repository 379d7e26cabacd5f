"""The tables of the data verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table


def ledger_table(title: str, steps: Sequence[Mapping[str, Any]]) -> Table:
    """Each step's account, and whether it looks at each row alone or needs them all."""
    table = Table(title=title)
    for name in ("step", "looks at", "in", "made", "merged", "set aside", "out"):
        table.add_column(name, justify="left" if name in ("step", "looks at") else "right")
    for step in steps:
        names = ("rows_in", "made", "merged", "set_aside", "rows_out")
        looks = "each row" if step["kind"] == "map" else "all rows"
        table.add_row(step["name"], looks, *(f"{step[n]:,}" for n in names))
    return table


def checks_table(summary: Mapping[str, Any]) -> Table:
    """The checks of the data's quality, what is to do first."""
    table = Table(title=f"quality {summary['quality']:.0%}")
    for name in ("check", "score", "found", "do"):
        table.add_column(name, justify="right" if name == "score" else "left")
    by_id = {check["id"]: check for check in summary["checks"]}
    rest = [c for c in summary["checks"] if c["id"] not in summary["todo"]]
    for check in [*(by_id[name] for name in summary["todo"]), *rest]:
        colour = "green" if check["good"] else "red"
        score = f"[{colour}]{check['score']:.0%}[/]"
        name = check["id"].removeprefix("data.")
        table.add_row(name, score, escape(check["found"]), escape(check["todo"]))
    return table
