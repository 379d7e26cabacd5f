"""`tune --watch`: the tunings of a domain, looked at from another terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sadari.cli.common import messages, say

if TYPE_CHECKING:
    from sadari.jobs.runs import Run

EVERY = 0.5  # seconds between two looks
LINE_EVERY = 15.0  # where nobody can draw a bar


def watch_runs(adapters: Path, domain: str) -> list[Run]:
    """Shows the runs of a domain that go on, until none does; else how the last one ended. Returns
    them as they stand at the end. Raises JobError where there has been none."""
    from sadari.jobs import JobError
    from sadari.jobs.runs import runs_of

    found = runs_of(adapters, domain)
    if not found:
        raise JobError(
            f"{domain} has no tuning to watch.",
            where=str(adapters),
            todo="One that was just started prepares its records first: look again in a moment. "
            f"Or start one: sadari tune {domain}",
        )
    alive = [run for run in found if run.status == "running"]
    since = min(run.started for run in alive) if alive else found[-1].started

    def look() -> list[Run]:
        return [run for run in runs_of(adapters, domain) if run.started >= since]

    runs = look()
    if messages.is_terminal:
        with Live(_table(runs), console=messages, auto_refresh=False) as live:
            while _any_alive(runs):
                time.sleep(EVERY)
                runs = look()
                live.update(_table(runs), refresh=True)
    else:
        told = float("-inf")
        while _any_alive(runs):
            if time.monotonic() - told >= LINE_EVERY:
                told = time.monotonic()
                for run in runs:
                    say(line_of(run))
            time.sleep(EVERY)
            runs = look()
        for run in runs:
            say(line_of(run))
    return runs


def line_of(run: Run) -> str:
    """One line: how far it is, the losses, how fast, and what became of it."""
    parts = [f"{run.name}: {run.step:,} of {run.total:,}"]
    if run.steps:
        last = run.steps[-1]
        parts += [f"loss {last.loss:.3f}", f"{last.tokens_per_second:,.0f} tokens/s"]
        if run.status == "running":
            parts.append(f"{_clock(last.seconds_left)} left")
    if run.validation:
        parts.append("validation " + " → ".join(f"{loss:.3f}" for _, loss in run.validation))
    return ", ".join(parts) + f"; {_state(run)}"


def _any_alive(runs: Sequence[Run]) -> bool:
    return any(run.status == "running" for run in runs)


def _table(runs: Sequence[Run]) -> RenderableType:
    bars = Table.grid(padding=(0, 1))
    for run in runs:
        bar = ProgressBar(total=max(1, run.total), completed=run.step, width=24)
        bars.add_row(run.name, bar, Text(line_of(run).partition(": ")[2]))
    return Group(bars)


def _state(run: Run) -> str:
    return {
        "running": "going on",
        "done": f"done, {run.folder}",
        "failed": f"failed: {run.reason}",
        "stopped": "interrupted; the same command goes on",
        "dead": "its process is dead; the same command goes on from its last checkpoint",
    }[run.status]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
