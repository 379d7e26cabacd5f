"""`tune`: one adapter from the domain's records."""

from __future__ import annotations

from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sadari.cli import planning, searching
from sadari.cli.common import DomainArgument, JsonOption, output, print_json, say, stages
from sadari.domain.settings import Method

if TYPE_CHECKING:
    from sadari.domain import Domain


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
    seed: Annotated[int, typer.Option(help="Of the adapter's weights and the order.")] = 1,
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
    from sadari.assistant import index_for, recipe_for
    from sadari.data import prepare_in
    from sadari.domain import read_domain
    from sadari.jobs import check_resumable, plan, tune_all
    from sadari.jobs.estimate import begun, estimate, resolved
    from sadari.jobs.outcome import forgotten, machine_bytes
    from sadari.jobs.preferences import plan_preference, preferred
    from sadari.jobs.remedies import gained, remedies
    from sadari.jobs.trackers import Tracking
    from sadari.store import Store

    own = str(general.resolve()) if general else None
    read = read_domain(domain)
    folder = _with(_by(read, method), rehearsal=rehearsal, general=own)
    store = Store.open()
    if watch:
        _watch(store.home / "adapters", folder.id, json=json)
        return
    data = prepare_in(store.home, folder)
    for step in data.ledger.steps:
        if step.name == "add":
            taken, given = step.rows_out - step.rows_in, step.made
            say(f"{taken:,} of {given:,} records that `data prepare --add` kept take part.")
    closed = recipe_for(folder, "prompt")
    open_book = None
    if folder.documents:
        path = index_for(folder, store.home / "indexes")
        open_book = recipe_for(folder, "rag", index=path)
    adapters = store.home / "adapters"
    jobs = plan(
        folder,
        data,
        adapters,
        closed=closed,
        open_book=open_book,
        seeds=[seed],
        weights=not dry_run,
    )
    say(f"{len(data.train)} records make {len(jobs[0].train)} examples; base {jobs[0].base.name}.")
    if search:
        jobs[0] = searching.searched(jobs[0], store.home / "searches")
    if preference is not None:
        job, left_out = plan_preference(
            preference.value, folder, data, store.home, jobs[0], closed=closed, open_book=open_book
        )
        say(f"Then {len(job.train)} preferences, beside {len(job.validation)} held out.")
        for reason, count in left_out.items():
            say(f"{count} teach nothing: {reason}.")
        jobs.append(job)
    if memory_limit is not None:
        limit = planning.parse_bytes(memory_limit)
        jobs = [replace(job, memory_limit=limit) for job in jobs]
    if curve:
        searching.show_curve(jobs[0], folder, data, store, json=json)
        return
    if dry_run:
        planning.dry_run(jobs[-1], folder, read, json=json)
        return
    if resume:
        check_resumable(next((job for job in jobs if not job.done), jobs[-1]))
    tracking = None
    if track is not None:
        tracking = Tracking(track.value, store.home, folder.settings.models.remote)
        say(f"Told to {track.value}: {tracking.hint}")
    with stages() as show:
        for job in jobs:  # one after the other: a preference starts where the tuning before ended
            if not job.done:
                said = estimate(job, resolved(job, folder, read), folder)
                say(f"{job.name}: {planning.summary(said)}")
                job = begun(job, said)
            (tuned,) = tune_all(
                [job],
                folder,
                data,
                lambda name, step, steps, loss: show(f"tuning, {name}", step, steps),
                tracking,
            )
    result = tuned.result
    if json:
        print_json({"adapter": str(tuned.adapter), **result})
        return
    for sentence in result["shortages"]:
        say(sentence)
    losses = result["validation_losses"]
    share = result["trainable"] / result["total"]
    rows = {
        "adapter": tuned.adapter,
        "validation loss": f"{losses[0]:.3f} → {result['best_validation_loss']:.3f}",
        **({"held-out pairs": preferred(result)} if result.get("preferred") else {}),
        "trainable": f"{result['trainable']:,} of {result['total']:,} ({share:.2%})",
        "time": f"{result['seconds']:.0f} s, {result['tokens_per_second']:,.0f} tokens/s",
        "peak memory": f"{result['peak_memory_bytes'] / 2**20:,.0f} MiB",
        "predicted": planning.comparison(result.get("predicted")),
        "adapter size": f"{result['adapter_bytes'] / 2**20:.1f} MiB",
        "general ability": forgotten(result, folder.settings.gates.forgetting),
        "curves": tuned.adapter / "run.html",
    }
    for name, value in rows.items():
        output.print(f"{name}: {value}", markup=False, soft_wrap=True)
    advice = remedies(result, folder.settings.language, machine_bytes())
    if not gained(result):
        say("[yellow]The adapter is no better than its base.[/] In this order:")
    for number, remedy in enumerate(advice, start=1):
        say(f"{number}. {remedy}")


def _by(domain: Domain, method: Method | None) -> Domain:
    """The domain tuned by another method, with a learning rate that is as high for it as the
    domain's was for its own."""
    from sadari.tuning.settings import RATES

    tuning = domain.settings.tuning
    rate = tuning.learning_rate
    if method is None or method == tuning.method or rate is None:
        return _with(domain, method=method)
    other = rate * RATES[method] / RATES[tuning.method]
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
