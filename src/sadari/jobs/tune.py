"""The tuning story: records become lessons, lessons an adapter, the adapter gets its card.

Adapters are named by what made them (base, lessons, settings), so the same job is never done
twice, and one that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import logging
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from multiprocessing.managers import SyncManager
from pathlib import Path
from queue import Empty
from typing import Any

from sadari.assistant import Recipe
from sadari.assistant.prompt import prompt_digest
from sadari.data import Dataset
from sadari.domain import Domain
from sadari.jobs.child import tracked, train_job
from sadari.jobs.forgetting import check_general, read_general, rehearsal
from sadari.jobs.lessons import Asking, lessons
from sadari.jobs.outcome import conclude
from sadari.jobs.prediction import Prediction
from sadari.jobs.runs import read_run
from sadari.jobs.tasks import balanced
from sadari.jobs.trackers import Tracking
from sadari.jobs.types import JobError
from sadari.llm import cores, end_with_parent
from sadari.llm.folders import TUNING
from sadari.llm.weights import digest as weights_digest
from sadari.llm.weights import has_gpu, is_small, load_tokenizer, resolve
from sadari.tuning import Lesson, TuneSettings

log = logging.getLogger("sadari.jobs")

OnStep = Callable[[str, int, int, float], None]  # job, step, steps, loss

PATIENCE = 30.0  # seconds for an interrupted process to end; it may still be importing


@dataclass(frozen=True)
class Job:
    """One adapter to train, from fresh weights or from those of the tuning in `start_from`. `name`
    is what progress is reported under. One that is not `whole` only measures something, as a
    control or a part of the data does, and nobody is served it. `prompts` name what its examples
    stand behind."""

    name: str
    base: Path
    train: tuple[Lesson, ...]
    validation: tuple[Lesson, ...]
    settings: TuneSettings
    folder: Path
    domain: str = ""
    start_from: Path | None = None
    memory_limit: int | None = None
    predicted: Prediction | None = None
    whole: bool = True
    prompts: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether its adapter lies in the folder."""
        return (self.folder / TUNING).is_file()


@dataclass(frozen=True)
class Tuned:
    """A finished job: where its adapter lies, and TuneResult's figures as plain values."""

    name: str
    adapter: Path
    seed: int
    result: Mapping[str, Any]


def tune_settings(domain: Domain, seed: int) -> TuneSettings:
    """The domain's tuning settings for one seed."""
    chosen = domain.settings.tuning
    return TuneSettings(
        method=chosen.method,
        rank=chosen.rank,
        alpha=chosen.alpha,
        dropout=chosen.dropout,
        targets=chosen.targets,
        virtual_tokens=chosen.virtual_tokens,
        learning_rate=chosen.learning_rate,
        epochs=chosen.epochs,
        batch_examples=chosen.batch_examples,
        max_length=chosen.max_length,
        anchor=chosen.anchor,
        patience=chosen.patience,
        warmup_share=chosen.warmup_share,
        weight_decay=chosen.weight_decay,
        max_gradient_norm=chosen.max_gradient_norm,
        micro_batch_tokens=chosen.micro_batch_tokens,
        recompute=chosen.recompute,
        optim=chosen.optim,
        save_every_steps=chosen.save_every_steps,
        checkpoints_kept=chosen.checkpoints_kept,
        dtype=domain.settings.models.dtype,
        seed=seed,
    )


def plan(
    domain: Domain,
    data: Dataset,
    adapters: Path,
    *,
    closed: Recipe,
    open_book: Recipe | None,
    seeds: Sequence[int],
    shuffled: bool = False,
    weights: bool = True,
) -> list[Job]:
    """One job per seed; without `weights` the base may be a configuration alone. Raises JobError
    for a model that is not on this machine, or general conversations that it cannot be tested
    with."""
    if domain.settings.models.url is not None:
        raise JobError(
            f"{domain.settings.models.base} lies at an endpoint and cannot be tuned here.",
            where=str(domain.path / "domain.toml"),
            todo="Name a Transformers folder or hub name as models.base to tune it.",
        )
    base = resolve(domain.settings.models.base, weights=weights)
    tokenizer = load_tokenizer(base)
    general = read_general(domain)  # every tuning is tested with them; now is when to find faults
    check_general(general, tokenizer, base)
    asking = Asking(closed, open_book, domain.settings.data.with_passages)
    balance = domain.settings.data.balance
    rehearsed = domain.settings.tuning.rehearsal
    prompts = tuple(prompt_digest(recipe.prompt) for recipe in (closed, open_book) if recipe)
    jobs = []
    for seed in seeds:
        made = [
            tuple(lessons(records, tokenizer, asking, seed, shuffled=shuffled))
            for records in (
                balanced(data.train, domain.settings.tasks, balance, seed),
                data.validation,
            )
        ]
        if rehearsed:
            mixed_in = rehearsal(
                general,
                tokenizer,
                examples=len(made[0]),
                share=rehearsed,
                seed=seed,
                template_kwargs=asking.template_kwargs,
            )
            made[0] = (*made[0], *mixed_in)
        settings = tune_settings(domain, seed)
        if seed == seeds[0]:
            for warning in settings.warnings():
                log.warning("%s", warning)
        name = f"shuffled, seed {seed}" if shuffled else f"seed {seed}"
        folder = adapters / name_of(base, made[0], made[1], settings)
        jobs.append(
            Job(
                name,
                base,
                made[0],
                made[1],
                settings,
                folder,
                domain.id,
                whole=not shuffled,
                prompts=prompts,
            )
        )
    return jobs


def tune_all(
    jobs: Sequence[Job],
    domain: Domain,
    data: Dataset,
    on_step: OnStep | None = None,
    track: Tracking | None = None,
) -> list[Tuned]:
    """Runs the jobs, as many at once as there are cores (one where there is a GPU), each in its
    own process with its own thread. Finished ones are not repeated, only told to the tracker of
    `track` from their logs; interrupted ones go on."""
    waiting = [job for job in jobs if not job.done]
    if track is not None:
        for job in jobs:
            run = None if job in waiting else read_run(job.folder)
            if run is not None:
                with tracked(job, track) as teller:
                    teller.replay(run)
    if waiting:
        _run(waiting, on_step, track)
    results = conclude(jobs, domain, data)
    return [
        Tuned(job.name, job.folder, job.settings.seed, result)
        for job, result in zip(jobs, results, strict=True)
    ]


def check_resumable(job: Job) -> None:
    """Raises JobError where there is nothing to go on with: the job is done, or it never reached a
    whole checkpoint."""
    from sadari.tuning.checkpoint import is_there

    if job.done:
        raise JobError(
            "There is nothing to resume: this tuning is done.",
            where=str(job.folder),
            todo="Change a setting to tune anew.",
        )
    if not is_there(job.folder):
        raise JobError(
            "There is nothing to resume: these records and settings have no whole checkpoint.",
            where=str(job.folder),
            todo="Start it without --resume.",
        )


def _run(jobs: Sequence[Job], on_step: OnStep | None, track: Tracking | None) -> None:
    workers = 1 if has_gpu() else min(len(jobs), cores())
    threads = threads_for(jobs[0].base, workers)
    context = get_context("spawn")
    manager = SyncManager(ctx=context)
    with _interrupts_wait():
        manager.start(end_with_parent)
    begin = partial(end_with_parent, PATIENCE)  # until then a step ends, and the log says so
    with manager, ProcessPoolExecutor(workers, mp_context=context, initializer=begin) as pool:
        news = manager.Queue()
        with _interrupts_wait():
            futures: list[Future[None]] = [
                pool.submit(train_job, _with_threads(job, threads), news, track) for job in jobs
            ]
        try:
            pending = set(futures)
            while pending:
                try:
                    name, step, steps, loss = news.get(timeout=0.2)
                    if on_step:
                        on_step(name, step, steps, loss)
                except Empty:
                    pending -= {future for future in pending if future.done()}
            for future in as_completed(futures):
                future.result()
        except BrokenProcessPool as error:
            raise JobError(
                "The process that trained is gone without a word: that is how the system ends one "
                "when memory runs out, and how `kill -9` does.",
                where=str(jobs[0].folder),
                todo="The same command goes on from its last checkpoint. If it was memory: "
                "`sadari tune … --dry-run` says what it takes, --memory-limit keeps it below.",
            ) from error
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, KeyboardInterrupt):
                _let_end(futures)
            raise


def _let_end(futures: Sequence[Future[None]]) -> None:
    """Wait, if not for long, until whoever was interrupted as well has said so in its log: the
    queue that they know ends with us."""
    until = time.monotonic() + PATIENCE
    while not all(future.done() for future in futures) and time.monotonic() < until:
        time.sleep(0.05)


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Processes that are started in the block are not interrupted before they let it: a Ctrl-C
    while they still import would print their tracebacks. Here it is only late."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def threads_for(base: Path, workers: int) -> int:
    """Threads of one of so many tunings at once."""
    known = any(base.glob("*.safetensors"))
    return 1 if known and is_small(base) else max(1, cores() // workers)


def _with_threads(job: Job, threads: int) -> Job:
    return replace(job, settings=replace(job.settings, threads=threads))


def name_of(
    base: Path, train: Sequence[Lesson], validation: Sequence[Lesson], settings: TuneSettings
) -> str:
    """The name of an adapter: the same for whatever gives the same adapter."""
    whole = hashlib.sha256(weights_digest(base).encode())
    whole.update(json.dumps(settings.to_json(), sort_keys=True).encode())
    for part in (train, validation):
        for lesson in part:
            whole.update(repr(lesson).encode())
    return whole.hexdigest()[:32]
