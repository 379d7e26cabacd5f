"""One tuning in a process of its own: trained, logged, noted how it answers, its result written."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import warnings
from contextlib import AbstractContextManager, ExitStack, closing
from typing import TYPE_CHECKING, Any

from sadari.jobs.runs import RunLog
from sadari.jobs.trackers import Teller, Tracking, open_tracker
from sadari.jobs.types import enough_memory
from sadari.llm.folders import ADAPTER_CONFIG, MODEL_CONFIG, TUNING
from sadari.store import write_json

if TYPE_CHECKING:
    from sadari.jobs.tune import Job


log = logging.getLogger("sadari.jobs")


def train_job(job: Job, news: Any, track: Tracking | None) -> None:
    """In the child process: train, keeping a log, note how the adapter answers (serving compares
    it), then write the result beside the adapter."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # from here on it may come

    from transformers.utils import logging

    from sadari.tuning import Progress, train
    from sadari.tuning.watermark import limit_memory

    # The child's stderr is the user's terminal, where the progress bar stands.
    logging.disable_progress_bar()
    warnings.simplefilter("ignore", FutureWarning)
    if job.memory_limit is not None:
        limit_memory(job.memory_limit)
    parent = os.getppid()
    resume = job.folder.exists()
    with ExitStack() as told:
        log = RunLog(
            job.folder,
            name=job.name,
            domain=job.domain,
            epochs=job.settings.epochs,
            whole=job.whole,
        )
        told.enter_context(log)
        if job.done:  # by another process, since this one was planned
            return
        for name in (ADAPTER_CONFIG, MODEL_CONFIG):  # killed before its result was written
            (job.folder / name).unlink(missing_ok=True)
        teller = told.enter_context(tracked(job, track)) if track else None

        def tell(progress: Progress) -> None:
            if os.getppid() != parent:
                raise SystemExit("Nobody waits for this tuning any more; its checkpoint is kept.")
            log.step(progress)
            if teller is not None:
                teller.step(progress)
            news.put((job.name, progress.step, progress.steps, progress.loss))

        with enough_memory(job.base):  # rows that are too long are taken care of in the loop
            result = train(
                job.base,
                job.train,
                job.validation,
                job.settings,
                job.folder,
                start_from=job.start_from,
                resume=resume,
                keep_checkpoints=True,
                on_step=tell,
            )
        _note_answers(job)
        values = result.to_json() | {
            "examples": len(job.train),
            "settings": job.settings.to_json(),
            "domain": job.domain,
            "prompts": list(job.prompts),
        }
        if job.predicted is not None:
            values["predicted"] = job.predicted.beside(values)
        write_json(values, job.folder / TUNING)


def _note_answers(job: Job) -> None:
    """Note how the adapter answers over the base as it is served. Where that does not fit into
    memory, as over a base that was trained in four bits, nothing can be compared with the note:
    the adapter is kept without it."""
    from sadari.llm.local import LocalModel
    from sadari.tuning.room import ran_out

    try:
        model = LocalModel(job.base)
        asyncio.run(model.record(str(job.folder)))
        model.close()
    except (RuntimeError, MemoryError) as error:
        if not ran_out(error):
            raise
        log.warning(
            "The base does not fit into memory as it is served; how the adapter answers was not "
            "noted, and serving cannot compare."
        )


def tracked(job: Job, track: Tracking) -> AbstractContextManager[Teller]:
    """The tracker of this job's run, closed at the end."""
    return closing(
        open_tracker(
            track,
            domain=job.domain,
            name=job.name,
            adapter=job.folder.name,
            settings=job.settings.to_json(),
        )
    )
