"""A method's size, learning rate and epochs, searched on a part of the data by successive halving.

Optuna draws the trials (tree-structured Parzen estimator, Bergstra et al. 2011) and keeps them in
a database, from which a search that was killed goes on; a trial is dropped where it is not among
the better half at a quarter or a half of the subset (Jamieson and Talwalkar 2016).
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sadari.jobs.tune import Job, name_of, threads_for
from sadari.jobs.types import JobError, enough_memory
from sadari.store import write_json
from sadari.tuning import TuneSettings, train
from sadari.tuning.errors import DivergedError

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial
    from optuna.trial import Trial as Draw

TRIALS = 12
SHARE = 0.15  # of the training examples, and no fewer than FEWEST
FEWEST = 32
MOST_HELD_OUT = 200
QUARTERS = (1, 2, 4)
"""Of the subset, trained on one after the other; half of the trials go on from each to the next."""

SIZES: dict[str, tuple[str, tuple[int, ...]] | None] = {
    "full": None,
    "prompt": ("virtual_tokens", (8, 20, 50)),
    "prefix": ("virtual_tokens", (8, 20, 50)),
}
"""Which setting says how much of a method trains, and what is tried; of all others:"""
RANKS = ("rank", (4, 8, 16, 32))
EPOCHS = (1, 2, 3, 5)
HIGHEST = 0.99  # learning rate that domain.toml takes

OnTrial = Callable[["Trial", int], None]  # the trial that ended, and how many there will be


@dataclass(frozen=True)
class Trial:
    """One `choice` of settings by name; `losses` are those of the held-out examples after each part
    of the subset, and `state` says whether it got to all of it. A learning rate that diverged has
    no loss."""

    number: int
    choice: Mapping[str, Any]
    losses: tuple[float, ...]
    state: Literal["whole", "dropped"]


@dataclass(frozen=True)
class Found:
    """The best settings, and all trials in order; the first is what the domain asks for."""

    settings: TuneSettings
    trials: tuple[Trial, ...]


def search(job: Job, home: Path, *, trials: int = TRIALS, on_trial: OnTrial | None = None) -> Found:
    """Settings for `job` with the lowest loss on held-out examples; finished trials lie in the
    folder of the job's name under `home` and are not repeated.

    Raises JobError without held-out examples to judge by, or without Optuna.
    """
    from transformers.utils import logging

    if not job.validation:
        raise JobError(
            "A search needs held-out examples to judge by; there are none.",
            todo="Raise validation_share in [data], or add records.",
        )
    logging.disable_progress_bar()  # a bar for every time that the base is read
    folder = home / job.folder.name
    folder.mkdir(parents=True, exist_ok=True)
    study = _open(folder, job.settings)
    while sum(_ended(trial) for trial in study.trials) < trials:
        _try(study, job, folder / "trial")
        if on_trial:
            on_trial(_of(study.trials[-1]), trials)
    ended = tuple(_of(trial) for trial in study.trials if _ended(trial))
    write_json([asdict(trial) for trial in ended], folder / "trials.json")
    whole = [trial for trial in ended if trial.state == "whole"]
    if not whole:
        raise JobError("No trial got to the end: every learning rate diverged.")
    best = min(whole, key=lambda trial: trial.losses[-1])
    return Found(chosen(job.settings, best.choice), ended)


def with_settings(job: Job, settings: TuneSettings) -> Job:
    """The whole job with other settings, under the name that these have."""
    name = name_of(job.base, job.train, job.validation, settings)
    return replace(job, settings=settings, folder=job.folder.with_name(name))


def _open(folder: Path, asked: TuneSettings) -> Study:
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise JobError(
            "A search needs Optuna, which is not installed.",
            todo='Run `pip install "sadari[search]"`.',
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        study_name="search",
        storage=f"sqlite:///{folder / 'study.db'}",
        load_if_exists=True,
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2),
    )
    # A fresh sampler for each process: what it draws follows from the seed and the trials before.
    study.sampler = optuna.samplers.TPESampler(seed=asked.seed + len(study.trials))
    if not study.trials:
        own = {"learning_rate": asked.peak_rate, "epochs": asked.epochs}
        if size := SIZES.get(asked.method, RANKS):
            own[size[0]] = getattr(asked, size[0])
        study.enqueue_trial(own)
    for trial in study.trials:
        if trial.state == optuna.trial.TrialState.RUNNING:
            # Its process was killed: the same choice again, with the losses that it has.
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            kept = {str(step): value for step, value in trial.intermediate_values.items()}
            study.enqueue_trial(trial.params, user_attrs={"losses": kept})
    return study


def _try(study: Study, job: Job, folder: Path) -> None:
    """One more trial, from the smallest part of the subset on."""
    import optuna

    asked = job.settings
    draw = study.ask()
    settings = chosen(asked, _drawn(draw, asked))
    known = draw.user_attrs.get("losses", {})
    subset = _subset(job)
    for quarters in QUARTERS:
        loss = known.get(str(quarters))
        if loss is None:
            part = subset[: max(2, len(subset) * quarters // 4)]
            loss = _loss(job, part, settings, folder)
        draw.report(loss, quarters)
        if loss == float("inf") or (quarters < QUARTERS[-1] and draw.should_prune()):
            study.tell(draw, state=optuna.trial.TrialState.PRUNED)
            return
    study.tell(draw, loss)


def _drawn(draw: Draw, asked: TuneSettings) -> dict[str, Any]:
    """A choice around what was asked for, whose own values are among those that may be drawn."""
    choice: dict[str, Any] = {}
    if size := SIZES.get(asked.method, RANKS):
        name, tried = size
        choice[name] = draw.suggest_categorical(name, sorted({*tried, getattr(asked, name)}))
    rate = asked.peak_rate
    highest = min(rate * 8, HIGHEST)
    choice["learning_rate"] = draw.suggest_float("learning_rate", rate / 8, highest, log=True)
    choice["epochs"] = draw.suggest_categorical("epochs", sorted({*EPOCHS, asked.epochs}))
    return choice


def chosen(asked: TuneSettings, choice: Mapping[str, Any]) -> TuneSettings:
    """What was asked for with a choice in its place. `alpha` follows the rank, so that a rate
    means the same for all of them."""
    alpha = asked.alpha * choice.get("rank", asked.rank) / asked.rank
    return replace(asked, **choice, alpha=alpha)


def _subset(job: Job) -> Sequence[Any]:
    """The same examples in every trial, in an order of their own."""
    count = min(len(job.train), max(FEWEST, round(SHARE * len(job.train))))
    return random.Random(f"{job.settings.seed}/search").sample(job.train, count)


def _loss(job: Job, part: Sequence[Any], settings: TuneSettings, folder: Path) -> float:
    """The loss on held-out examples after tuning on `part`; infinite where it diverged."""
    quiet = replace(settings, save_every_steps=0, threads=threads_for(job.base, 1))
    shutil.rmtree(folder, ignore_errors=True)
    held_out = job.validation[:MOST_HELD_OUT]
    try:
        with enough_memory(job.base):
            result = train(job.base, part, held_out, quiet, folder, start_from=job.start_from)
    except DivergedError:
        return float("inf")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert result.best_validation_loss is not None
    return result.best_validation_loss


def _ended(trial: FrozenTrial) -> bool:
    return trial.state.name in ("COMPLETE", "PRUNED")


def _of(trial: FrozenTrial) -> Trial:
    losses = tuple(loss for _, loss in sorted(trial.intermediate_values.items()))
    state: Literal["whole", "dropped"] = "whole" if trial.state.name == "COMPLETE" else "dropped"
    return Trial(trial.number, trial.params, losses, state)
