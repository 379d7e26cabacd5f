"""`tune --dry-run`: what a tuning will take, before it is started."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table
from rich.text import Text

from sadari.cli.common import output, print_json, say

if TYPE_CHECKING:
    from sadari.domain import Domain
    from sadari.jobs import Job
    from sadari.jobs.estimate import Estimate
    from sadari.llm import Rendered

UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def parse_bytes(text: str) -> int:
    """Bytes of a size such as 6GB, 800 MiB or 512m; units are powers of 1,024."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", text.lower())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no size; write one such as 6GB or 800MB.")
    return int(float(match[1]) * UNITS[match[2]])


def show_lesson(tokenizer: Any, example: Any) -> None:
    """What the model reads, token by token, with what it learns highlighted."""
    from sadari.llm import render_text

    line = Text()
    for piece, trained in render_text(tokenizer, example):
        line.append(piece, style="black on green" if trained else "dim")
    output.print(line)
    learned = sum(example.trained)
    output.print(f"[dim]{len(example.ids)} tokens, {learned} of them learned[/]\n")


def dry_run(jobs: Sequence[Job], domain: Domain, read: Domain, *, json: bool) -> None:
    """Print what the jobs will take, one after the other; exit status 1 if the machine cannot give
    it to one of them."""
    from sadari.jobs.estimate import estimate, resolved
    from sadari.llm.weights import load_tokenizer

    told = []
    for job in jobs:
        said = estimate(job, resolved(job, domain, read), domain)
        told.append(said)
        if json:
            continue
        settings = Table("setting", "value", "from", title=f"{job.name}, base {job.base.name}")
        for setting in said.settings:
            value = setting.value
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            settings.add_row(setting.name, shown, setting.source)
        output.print(settings)
        for name, line in lines(said).items():
            output.print(f"{name}: {line}", markup=False, soft_wrap=True)
        for name, example in first_example(job).items():
            output.print(f"first {name}:")
            show_lesson(load_tokenizer(job.base), example)
    if json:
        rows = [
            said.to_json()
            | {f"first_{name}": asdict(example) for name, example in first_example(job).items()}
            for job, said in zip(jobs, told, strict=True)
        ]
        print_json(rows[0] if len(rows) == 1 else {"tunings": rows})
    elif len(told) > 1:
        seconds, costs = sum(said.seconds for said in told), [said.cost for said in told]
        cost = "" if None in costs else f", {sum(filter(None, costs)):,.2f} {told[0].currency}"
        output.print(f"together: at most {duration(seconds)}{cost}", markup=False)
    if not all(said.fits for said in told):
        say(
            "[yellow]It does not fit into the memory that is free.[/] A smaller base, method "
            "qlora, a lower max_length, or a machine with more memory would."
        )
        raise typer.Exit(1)


def first_example(job: Job) -> dict[str, Rendered]:
    """What is learnt from first: an example, the two answers of a pair, or a rated answer."""
    from sadari.tuning import Pair, Rated

    first = job.train[0]
    if isinstance(first, Pair):
        return {"chosen": first.chosen, "rejected": first.rejected}
    if isinstance(first, Rated):
        return {"liked" if first.liked else "disliked": first.answer}
    return {"example": first}


def begun(job: Job, domain: Domain, read: Domain) -> Job:
    """`job` with what it will take said, and with lighter settings where it would not fit. Raises
    JobError where its memory limit leaves too little even for those."""
    from sadari.jobs import JobError
    from sadari.jobs.estimate import begun as estimated
    from sadari.jobs.estimate import estimate, resolved

    said = estimate(job, resolved(job, domain, read), domain)
    say(f"{job.name}: {summary(said)}")
    if not said.fits and job.memory_limit is not None:
        raise JobError(
            f"It takes {size(said.peak_bytes)} at least, more than --memory-limit leaves it.",
            where=str(domain.path),
            todo="Allow more, or take a smaller base or a lower max_length.",
        )
    if not said.fits:
        say("[yellow]That is more than is free now:[/] the system may end it.")
    return estimated(job, said)


def lines(said: Estimate) -> dict[str, str]:
    """The estimate as lines of name and value."""
    taken = said.taken
    parts = {
        "libraries": said.libraries_bytes,
        "weights": taken.weights,
        "what trains": taken.trained,
        "gradients": taken.gradients,
        "optimiser": taken.optimiser,
        "activations": taken.activations,
        "allocator": taken.slack,
    }
    free = "" if said.free_bytes is None else f"; free {size(said.free_bytes)}"
    how = "from its own first steps" if said.measured else "from how fast this machine multiplies"
    found = {
        "trainable": f"{taken.trainable:,} of {taken.total:,} "
        f"({taken.trainable / taken.total:.2%})",
        "peak memory": f"{size(said.peak_bytes)}{free}",
        "of it": ", ".join(f"{name} {size(held)}" for name, held in parts.items() if held),
        "time": f"at most {duration(said.seconds)} for {said.steps:,} steps, {how}",
        "cost": "no price: set per_hour in [tuning] of domain.toml"
        if said.cost is None
        else f"{said.cost:,.2f} {said.currency}",
        "examples": f"{said.examples:,}; {said.cut_examples:,} longer than max_length, "
        f"{said.cut_answers:,} answers cut",
    }
    if said.changed:
        found["changed, to fit"] = "; ".join(said.changed)
    return found


def size(held: float) -> str:
    """Bytes for people."""
    return f"{held / 2**30:,.1f} GiB" if held >= 2**30 else f"{held / 2**20:,.0f} MiB"


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def summary(said: Estimate) -> str:
    """The estimate in one line."""
    changed = f"; to fit, {', '.join(said.changed)}" if said.changed else ""
    return f"at most {duration(said.seconds)}, {size(said.peak_bytes)} of memory{changed}"


def comparison(predicted: Mapping[str, float] | None) -> str:
    """What was said before beside what happened, in one line."""
    if predicted is None:
        return "nothing was"
    return (
        f"memory {size(predicted['peak_memory_bytes'])} ({predicted['memory_error']:+.0%}), "
        f"time {duration(predicted['seconds'])} ({predicted['seconds_error']:+.0%})"
    )
