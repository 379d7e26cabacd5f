"""`tune --search` and `tune --curve`: which settings, and whether more data would pay."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from sadari.cli import planning
from sadari.cli.common import messages, output, print_json, say, stages

if TYPE_CHECKING:
    from sadari.data import Dataset
    from sadari.domain import Domain
    from sadari.jobs import Job
    from sadari.jobs.curve import Point
    from sadari.jobs.search import Trial
    from sadari.store import Store

BAR = 40  # characters of the largest loss


def searched(job: Job, home: Path) -> Job:
    """The job with the settings that a search on a part of its examples found best; the trials
    are shown, and kept in `home`."""
    from sadari.jobs.search import search, with_settings

    with stages() as show:
        found = search(
            job, home, on_trial=lambda trial, trials: show("search", trial.number + 1, trials)
        )
    messages.print(_table(found.trials))
    best = found.settings
    lines = [f'method = "{best.method}"', f"learning_rate = {best.peak_rate:.2g}"]
    names = [name for name in found.trials[0].choice if name != "learning_rate"]
    if "rank" in names:
        names.append("alpha")
    lines += [f"{name} = {getattr(best, name):g}" for name in names]
    say(
        "The whole tuning takes the best of them. To keep it, in \\[tuning] of domain.toml: "
        f"{', '.join(lines)}."
    )
    return with_settings(job, best)


def show_curve(
    job: Job, domain: Domain, read: Domain, data: Dataset, store: Store, *, json: bool
) -> None:
    """Tune on a quarter, a half and all of the examples, and print what each came to."""
    from sadari.jobs import tune_all
    from sadari.jobs.curve import advice, curve_jobs, points
    from sadari.ladder.single import evaluate_one

    jobs = [one if one.done else planning.begun(one, domain, read) for one in curve_jobs(job)]
    with stages() as show:
        tuned = tune_all(
            jobs, domain, data, lambda name, step, steps, loss: show(f"tuning, {name}", step, steps)
        )
        right: list[float | None] = [None] * len(jobs)
        if domain.exam("dev"):
            for place, one in enumerate(tuned):
                asked = evaluate_one(
                    domain, store, rung="prompt", adapter=one.adapter, split="dev", watch=show
                )
                right[place] = asyncio.run(asked)["right"]
    curve = points(jobs, tuned, right)
    if json:
        print_json({"points": [asdict(point) for point in curve], "advice": advice(curve)})
        return
    most = max(point.loss for point in curve)
    for point in curve:
        output.print(_line(point, most), markup=False, soft_wrap=True)
    output.print(advice(curve), markup=False, soft_wrap=True)


def _line(point: Point, most: float) -> str:
    bar = "█" * round(BAR * point.loss / most)
    right = "" if point.right is None else f"  dev exam {point.right:.0%} right"
    return (
        f"{point.share:>4.0%} {point.examples:>7,} examples  {bar:<{BAR}} {point.loss:.3f}{right}"
    )


def _table(trials: tuple[Trial, ...]) -> Table:
    table = Table(title="trials, and the loss at a quarter, a half and all of the subset")
    names = [name.replace("_", " ") for name in trials[0].choice]
    for name in ("trial", *names, "¼", "½", "all"):
        table.add_column(name, justify="right")
    done = [trial.losses[-1] for trial in trials if trial.state == "whole"]
    for trial in trials:
        losses = [f"{loss:.3f}" for loss in trial.losses] + [""] * (3 - len(trial.losses))
        best = trial.state == "whole" and trial.losses[-1] == min(done)
        table.add_row(
            str(trial.number),
            *(f"{v:.2g}" if isinstance(v, float) else str(v) for v in trial.choice.values()),
            *losses,
            style="bold green" if best else None,
        )
    return table
