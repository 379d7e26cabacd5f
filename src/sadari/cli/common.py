"""What the verbs share: where messages go, how progress looks, what a domain argument is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from sadari.domain import Domain
    from sadari.domain.forecast_settings import ForecastSettings

messages = Console(stderr=True, highlight=False)
output = Console(highlight=False)

DomainArgument = Annotated[Path, typer.Argument(help="The domain folder.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and no more.")]


def say(text: str) -> None:
    """A message to the person, on stderr. Its lines are not broken, so that commands and paths in
    it can be copied; what others wrote in it, such as a path, needs `escape`."""
    messages.print(text, soft_wrap=True)


def open_events(folder: Path) -> tuple[Domain, ForecastSettings, Path]:
    """The domain, how it forecasts, and where its events lie."""
    from sadari.domain import read_domain
    from sadari.forecasting import events_home
    from sadari.store import state_home

    domain = read_domain(folder)
    return domain, domain.settings.forecast, events_home(state_home(), domain.id)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


class Stages:
    """One progress bar per stage, made when the stage is first heard of."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        task = self._tasks.get(stage)
        if task is None or (self._progress.tasks[task].finished and done < total):
            for earlier in self._tasks.values():
                if self._progress.tasks[earlier].finished:
                    self._progress.stop_task(earlier)
            task = self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(task, completed=done, total=total)


class Lines:
    """Progress as lines of a log: a stage's start, every `SECONDS` of it, its end."""

    SECONDS = 15.0

    def __init__(self) -> None:
        self._last: tuple[str, float] = ("", 0.0)
        self._began = time.monotonic()

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        name, told = self._last
        if stage == name and done < total and now - told < self.SECONDS:
            return
        self._last = (stage, now)
        say(f"{now - self._began:6.0f} s  {stage}: {done:,} of {total:,}")


@contextmanager
def stages() -> Iterator[Stages | Lines]:
    """Progress on stderr, with elapsed and remaining time; as lines where it is no terminal."""
    if not messages.is_terminal:
        yield Lines()
        return
    columns = (
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=messages) as progress:
        yield Stages(progress)
