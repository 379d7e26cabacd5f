"""`tune`: one adapter from the domain's records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from sadari.cli import outcome, planning, searching
from sadari.cli.common import DomainArgument, JsonOption, print_json, say, stages
from sadari.domain.settings import Method

if TYPE_CHECKING:
    from sadari.data import Dataset
    from sadari.domain import Domain
    from sadari.jobs import Job
    from sadari.jobs.trackers import Tracking
    from sadari.jobs.tune import Tuned
    from sadari.store import Store

LARGEST_SEED = 2**31 - 1  # times a million, and an epoch, it still fits PyTorch's generator


class Tracker(StrEnum):
    """Who else is told of a run."""

    tensorboard = "tensorboard"
    mlflow = "mlflow"
    wandb = "wandb"


class Preference(StrEnum):
    """What is learnt from opinions on answers."""

    dpo = "dpo"
    ipo = "ipo"
    kto = "kto"
    orpo = "orpo"


def tune(
    domain: DomainArgument,
    method: Annotated[
        Method | None, typer.Option(help="Which weights train; else as domain.toml says.")
    ] = None,
    preference: Annotated[
        Preference | None,
        typer.Option(help="Then learn from pairs of answers, or with kto from thumbs up and down."),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(min=0, max=LARGEST_SEED, help="Of the adapter's weights and the order."),
    ] = 1,
    task: Annotated[
        str, typer.Option(help="Only this task's records: an adapter of its own.")
    ] = "",
    rehearsal: Annotated[
        float | None,
        typer.Option(min=0, max=0.9, help="Share of general records mixed in, against forgetting."),
    ] = None,
    general: Annotated[
        Path | None, typer.Option(exists=True, help="Your own general records, mixed and tested.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Only go on with a tuning that was interrupted.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show the tunings that go on, and start none.")
    ] = False,
    track: Annotated[
        Tracker | None, typer.Option(help="Tell the run to a tracker as well, on this machine.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it will take, and start nothing.")
    ] = False,
    memory_limit: Annotated[
        str | None, typer.Option(help="At most, such as 6GB; rows get shorter to keep it.")
    ] = None,
    search: Annotated[
        bool, typer.Option("--search", help="First search rank, rate and epochs on a part.")
    ] = False,
    curve: Annotated[
        bool, typer.Option("--curve", help="Tune on 25, 50 and 100 %: would more data pay?")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Prepare the records, train an adapter on them, and write it with its model card.

    A tuning that was interrupted goes on where it stopped; one that is done is not repeated.

    Example: sadari tune examples/ald
    """
    from sadari.domain import read_domain
    from sadari.store import Store

    # What was asked for.
    if watch or dry_run:
        _starts_nothing("--watch" if watch else "--dry-run", search, curve, resume)
    if curve:
        _is_of_plain_tunings(preference, track, resume)
    limit = None if memory_limit is None else planning.parse_bytes(memory_limit)
    read = read_domain(domain)
    own = str(general.resolve()) if general else None
    asked = _with(_by(read, method), rehearsal=rehearsal, general=own)
    store = Store.open()
    if watch:
        _watch(store.home / "adapters", asked.id, json=json)
        return

    # From records to the tunings that they ask for.
    data = _records(asked, store, task)
    if task:  # and what people thought of other tasks' answers teaches nothing here
        asked = replace(asked, feedback=tuple(f for f in asked.feedback if f.task == task))
    jobs = _jobs(asked, data, store, seed=seed, preference=preference, search=search, dry=dry_run)
    jobs = [replace(job, memory_limit=limit) for job in jobs]

    # Those, or what they would take, or what more data would bring.
    if dry_run:
        left = [job for job in jobs if not job.done]
        planning.dry_run(left or jobs[-1:], asked, read, json=json)
    elif curve:
        searching.show_curve(jobs[0], asked, read, data, store, json=json)
    else:
        tracking = None if track is None else _told(track, asked, store)
        tuned = _train(jobs, asked, read, data, tracking, resume=resume)
        outcome.show(tuned, asked, json=json)


def _starts_nothing(flag: str, search: bool, curve: bool, resume: bool) -> None:
    for name, given in (("--search", search), ("--curve", curve), ("--resume", resume)):
        if given:
            raise typer.BadParameter(f"{flag} starts nothing, so it cannot go with {name}.")


def _is_of_plain_tunings(
    preference: Preference | None, track: Tracker | None, resume: bool
) -> None:
    for name, given in (("--preference", preference), ("--track", track), ("--resume", resume)):
        if given:
            raise typer.BadParameter(
                f"--curve makes plain tunings on parts of the data, without {name}."
            )


def _records(domain: Domain, store: Store, task: str) -> Dataset:
    """The domain's records, of one `task` if one is named, with a word on those that were added."""
    from sadari.data import prepare_in
    from sadari.jobs.tasks import only_task

    data = prepare_in(store.home, domain)
    for step in data.ledger.steps:
        if step.name == "add":
            taken, given = step.rows_out - step.rows_in, step.made
            say(f"{taken:,} of {given:,} records that `data prepare --add` kept take part.")
    return only_task(data, task) if task else data


def _jobs(
    domain: Domain,
    data: Dataset,
    store: Store,
    *,
    seed: int,
    preference: Preference | None,
    search: bool,
    dry: bool,
) -> list[Job]:
    """The tuning, with the settings of a `search` if one is asked for, and the preference that
    starts from it. For a `dry` run the base may be a configuration alone."""
    from sadari.assistant import index_for, recipe_for
    from sadari.jobs import plan
    from sadari.jobs.preferences import plan_preference

    closed = recipe_for(domain, "prompt")
    open_book = None
    if domain.documents:
        index = index_for(domain, store.home / "indexes")
        open_book = recipe_for(domain, "rag", index=index)
    (job,) = plan(
        domain,
        data,
        store.home / "adapters",
        closed=closed,
        open_book=open_book,
        seeds=[seed],
        weights=not dry,
    )
    base = escape(job.base.name)
    say(f"{len(data.train)} records make {len(job.train)} examples; base {base}.")
    if search:
        job = searching.searched(job, store.home / "searches")
    if preference is None:
        return [job]
    then, left_out = plan_preference(
        preference.value, domain, data, store.home, job, closed=closed, open_book=open_book
    )
    say(f"Then {len(then.train)} preferences, beside {len(then.validation)} held out.")
    for reason, count in left_out.items():
        say(f"{count} teach nothing: {reason}.")
    return [job, then]


def _told(track: Tracker, domain: Domain, store: Store) -> Tracking:
    from sadari.jobs.trackers import Tracking

    tracking = Tracking(track.value, store.home, domain.settings.models.remote)
    say(f"Told to {track.value}: {escape(tracking.hint)}")
    return tracking


def _train(
    jobs: Sequence[Job],
    domain: Domain,
    read: Domain,
    data: Dataset,
    tracking: Tracking | None,
    *,
    resume: bool,
) -> Tuned:
    """The last of the jobs, done: one after the other, as a preference starts where the tuning
    before it ended. With `resume` the first that is not done must have begun before."""
    from sadari.jobs import check_resumable, tune_all
    from sadari.jobs.preferences import starting_from

    tuned: Tuned | None = None
    with stages() as show:
        for job in jobs:
            if tuned is not None:
                job = starting_from(job, tuned.adapter)
            if not job.done:
                job = planning.begun(job, domain, read)
            if resume and (job is jobs[-1] or not job.done):
                check_resumable(job)
                resume = False
            (tuned,) = tune_all(
                [job],
                domain,
                data,
                lambda name, step, steps, loss: show(f"tuning, {name}", step, steps),
                tracking,
            )
    assert tuned is not None
    return tuned


def _by(domain: Domain, method: Method | None) -> Domain:
    """The domain tuned by another method, with a learning rate that is as high for it as the
    domain's was for its own."""
    from sadari.tuning.settings import RATES

    tuning = domain.settings.tuning
    rate = tuning.learning_rate
    if method is None or method == tuning.method or rate is None:
        return _with(domain, method=method)
    other = rate * RATES[method] / RATES[tuning.method]
    if other >= 1:
        raise typer.BadParameter(
            f"learning_rate {rate:g} in domain.toml is for {tuning.method}; as high a one for "
            f"{method} would be {other:g}. Lower it, or set method = {method!r} beside it."
        )
    say(f"learning_rate {other:g} for {method}: {rate:g} in domain.toml is for {tuning.method}.")
    return _with(domain, method=method, learning_rate=other)


def _with(domain: Domain, **given: object) -> Domain:
    """The domain with what was given on the command line in place of its tuning settings."""
    update = {name: value for name, value in given.items() if value is not None}
    tuning = type(domain.settings.tuning).model_validate(
        domain.settings.tuning.model_dump() | update
    )
    return replace(domain, settings=domain.settings.model_copy(update={"tuning": tuning}))


def _watch(adapters: Path, domain: str, *, json: bool) -> None:
    from sadari.cli.watching import watch_runs

    runs = watch_runs(adapters, domain)
    if json:
        print_json([asdict(run) for run in runs])
    if any(run.status != "done" for run in runs):
        raise typer.Exit(1)
