"""A small model in several processes, a core each, which share the questions of an exam."""

from __future__ import annotations

import asyncio
import signal
import warnings
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sadari.llm.local import LocalModel
from sadari.llm.processes import end_with_parent
from sadari.llm.types import Completion, Failure, Request

_FEW = 8  # requests for which another process is not worth waking


class ParallelModel(LocalModel):
    """`LocalModel` whose `complete_all` also asks copies of it in other processes.

    Below some 50 million parameters a second thread brings nothing, another process does. The
    others start with the first exam; who answers what follows from the requests alone."""

    def __init__(self, folder: Path, *, workers: int, **options: Any) -> None:
        super().__init__(folder, **options)
        self._parts = workers
        self._others = ProcessPoolExecutor(
            workers - 1, get_context("spawn"), initializer=_open, initargs=(folder, options)
        )

    async def complete_all(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        if len(requests) < _FEW * self._parts:
            return await super().complete_all(requests)
        parts = [requests[first :: self._parts] for first in range(self._parts)]
        answered = await asyncio.gather(
            super().complete_all(parts[0]), *(self._elsewhere(part) for part in parts[1:])
        )
        answers: list[Completion | Failure] = [Failure("not asked")] * len(requests)
        for first, part in enumerate(answered):
            answers[first :: self._parts] = part
        return answers

    def close(self) -> None:
        self._others.shutdown(wait=False, cancel_futures=True)
        super().close()

    async def _elsewhere(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._others, _answer, requests)
        except BrokenExecutor:  # that process was killed, for want of memory mostly
            return await super().complete_all(requests)


_model: LocalModel  # of this process, where it is one of the others


def _open(folder: Path, options: dict[str, Any]) -> None:
    global _model
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    warnings.simplefilter("ignore", FutureWarning)  # its stderr is the user's terminal
    end_with_parent()
    _model = LocalModel(folder, **options)


def _answer(requests: Sequence[Request]) -> list[Completion | Failure]:
    return asyncio.run(_model.complete_all(requests))
