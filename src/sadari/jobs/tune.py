"""The tuning story: records become lessons, lessons an adapter, the adapter gets its card.

Adapters are named by what made them (base, lessons, settings), so the same job is never done
twice, and one that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from queue import Empty
from typing import Any

from sadari.assistant import Recipe
from sadari.data import Dataset
from sadari.domain import Domain
from sadari.jobs.card import write_card
from sadari.jobs.lessons import lessons
from sadari.jobs.types import JobError
from sadari.llm import Rendered
from sadari.llm.weights import digest as weights_digest
from sadari.llm.weights import load_tokenizer, resolve
from sadari.retrieval import Index
from sadari.tuning import TuneSettings

SMALL_BYTES = 200_000_000
RESULT = "tuning.json"  # written last: a folder that holds it holds a finished adapter

OnStep = Callable[[str, int, int, float], None]  # job, step, steps, loss


@dataclass(frozen=True)
class Job:
    """One adapter to train. `name` is what progress is reported under."""

    name: str
    base: Path
    train: tuple[Rendered, ...]
    validation: tuple[Rendered, ...]
    settings: TuneSettings
    folder: Path


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
        learning_rate=chosen.learning_rate,
        epochs=chosen.epochs,
        batch_examples=chosen.batch_examples,
        max_length=chosen.max_length,
        patience=chosen.patience,
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
) -> list[Job]:
    """One job per seed. Raises JobError for a model that is not on this machine."""
    if domain.settings.models.url is not None:
        raise JobError(
            f"{domain.settings.models.base} lies at an endpoint and cannot be tuned here.",
            where=str(domain.path / "domain.toml"),
            todo="Name a Transformers folder or hub name as models.base to tune it.",
        )
    base = resolve(domain.settings.models.base)
    tokenizer = load_tokenizer(base)
    index = None
    if open_book is not None and open_book.retrieval is not None:
        index = Index.open(Path(open_book.retrieval.index))
    share = domain.settings.data.with_passages
    jobs = []
    for seed in seeds:
        made = [
            tuple(
                lessons(
                    records,
                    tokenizer,
                    closed=closed,
                    open_book=open_book,
                    index=index,
                    with_passages=share,
                    seed=seed,
                    shuffled=shuffled,
                )
            )
            for records in (data.train, data.validation)
        ]
        settings = tune_settings(domain, seed)
        name = f"shuffled, seed {seed}" if shuffled else f"seed {seed}"
        folder = adapters / _digest(base, made[0], made[1], settings)
        jobs.append(Job(name, base, made[0], made[1], settings, folder))
    return jobs


def tune_all(
    jobs: Sequence[Job], domain: Domain, data: Dataset, on_step: OnStep | None = None
) -> list[Tuned]:
    """Runs the jobs, as many at once as there are cores (one where there is a GPU), each in its
    own process with its own thread. Finished ones are not repeated; interrupted ones go on."""
    waiting = [job for job in jobs if not (job.folder / RESULT).is_file()]
    if waiting:
        _run(waiting, on_step)
    done = []
    for job in jobs:
        result = json.loads((job.folder / RESULT).read_text(encoding="utf-8"))
        write_card(job.folder, domain, data, job.settings, result)
        done.append(Tuned(job.name, job.folder, job.settings.seed, result))
    return done


def _run(jobs: Sequence[Job], on_step: OnStep | None) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = 1 if _has_gpu() else min(len(jobs), cores or 1)
    threads = 1 if _is_small(jobs[0].base) else max(1, (cores or 1) // workers)
    context = get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(workers, mp_context=context) as pool:
        news = manager.Queue()
        futures = [
            pool.submit(_train, replace(job, settings=replace(job.settings, threads=threads)), news)
            for job in jobs
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
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _train(job: Job, news: Any) -> None:
    """In the child process: train, note how the adapter answers (serving compares it), then write
    the result beside the adapter."""
    from transformers.utils import logging

    from sadari.llm.local import LocalModel
    from sadari.tuning import Progress, train

    # The child's stderr is the user's terminal, where the progress bar stands.
    logging.disable_progress_bar()
    warnings.simplefilter("ignore", FutureWarning)
    parent = os.getppid()

    def tell(progress: Progress) -> None:
        if os.getppid() != parent:
            raise SystemExit("Nobody waits for this tuning any more; its checkpoint is kept.")
        news.put((job.name, progress.step, progress.steps, progress.loss))

    result = train(
        job.base,
        job.train,
        job.validation,
        job.settings,
        job.folder,
        resume=job.folder.exists(),
        on_step=tell,
    )
    model = LocalModel(job.base)
    asyncio.run(model.record(str(job.folder)))
    model.close()
    values = result.to_json() | {"examples": len(job.train), "settings": job.settings.to_json()}
    temporary = job.folder / f"{RESULT}.tmp"
    temporary.write_text(json.dumps(values, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.replace(job.folder / RESULT)


def _is_small(base: Path) -> bool:
    """Whether products are so short that a second thread costs more than it brings."""
    return sum(file.stat().st_size for file in base.glob("*.safetensors")) < SMALL_BYTES


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _digest(
    base: Path, train: Sequence[Rendered], validation: Sequence[Rendered], settings: TuneSettings
) -> str:
    whole = hashlib.sha256(weights_digest(base).encode())
    whole.update(json.dumps(settings.to_json(), sort_keys=True).encode())
    for part in (train, validation):
        for example in part:
            whole.update(repr((example.ids, example.trained)).encode())
    return whole.hexdigest()[:32]
