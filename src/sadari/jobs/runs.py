"""A run's log: what a tuning says while it goes on, as JSON lines beside its adapter.

The process that trains holds a lock on the file, which the system frees when it dies in whatever
way. So whoever reads the log knows whether a run without an end still goes on.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from sadari.jobs.types import JobError
from sadari.tuning import Progress

LOG = "log.jsonl"
TRIES = 20  # for the lock, a twentieth of a second apart: who watches holds it for a moment

Status = Literal["running", "done", "failed", "stopped", "dead"]


@dataclass(frozen=True)
class Step:
    """One optimiser step; `at` is the time in seconds since 1970, rates are per second."""

    step: int
    loss: float
    learning_rate: float
    tokens_per_second: float
    seconds_left: float
    at: float


@dataclass(frozen=True)
class Run:
    """A tuning as its log tells it.

    validation  (step, loss): step 0 is the base before training, then one at each epoch's end.
    status      "dead" is a run without an end whose process is gone; "stopped" one that was
                interrupted. The same command goes on with both.
    whole       False for a control and for a part of the data: nobody is to be served those.
    """

    folder: Path
    name: str
    domain: str
    started: float
    total: int = 0
    steps: tuple[Step, ...] = ()
    validation: tuple[tuple[int, float], ...] = ()
    status: Status = "running"
    reason: str = ""
    whole: bool = True

    @property
    def step(self) -> int:
        """The last step that was taken."""
        return self.steps[-1].step if self.steps else 0


class RunLog:
    """Writes the log of one run while its block is open, and how it ended when it closes."""

    def __init__(
        self, folder: Path, *, name: str, domain: str, epochs: int, whole: bool = True
    ) -> None:
        self._path = folder / LOG
        self._start = {"name": name, "domain": domain, "epochs": epochs, "whole": whole}
        self._told = 0

    def __enter__(self) -> RunLog:
        """Raises JobError where another process is training this adapter."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a+b", buffering=0)
        if not _lock(self._file, fcntl.LOCK_EX, TRIES):
            self._file.close()
            raise JobError(
                "Another process is training this adapter.",
                where=str(self._path.parent),
                todo="Watch it with `sadari tune DOMAIN --watch`.",
            )
        self._write({"kind": "start", **self._start})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        end = {"kind": "end", "status": "done"}
        if isinstance(error, Exception):
            end |= {"status": "failed", "reason": str(error) or repr(error)}
        elif error is not None:
            end |= {"status": "stopped"}
        try:
            self._write(end)
        except JobError:
            if error is None:
                raise
        finally:
            self._file.close()

    def step(self, progress: Progress) -> None:
        """One step, and each validation loss that has come since the step before."""
        values = asdict(progress)
        losses = values.pop("validation_losses")
        for epoch, loss in enumerate(losses[self._told :], start=self._told):
            self._write({"kind": "validation", "epoch": epoch, "loss": loss})
        self._told = len(losses)
        self._write({"kind": "step", **values})

    def _write(self, line: Mapping[str, Any]) -> None:
        text = json.dumps({**line, "at": time.time()}, ensure_ascii=False)
        try:
            # After a kill in the middle of a line the next one must not hang on to it.
            self._file.write(b"" if self._whole() else b"\n")
            self._file.write(text.encode() + b"\n")
        except OSError as error:
            raise JobError(
                f"The run's log could not be written: {error.strerror}.",
                where=str(self._path),
                todo="Make room; the same command goes on from the last whole checkpoint.",
            ) from error

    def _whole(self) -> bool:
        if self._file.seek(0, 2) == 0:
            return True
        self._file.seek(-1, 2)
        return self._file.read(1) == b"\n"


def read_run(folder: Path) -> Run | None:
    """The run whose log lies in `folder`, or None. Where it was resumed, a step that was taken
    twice is told once, as it was the last time; a line cut short by a kill is no line."""
    path = folder / LOG
    try:
        file = path.open("rb")
    except OSError:
        return None
    with file:
        alive = not _lock(file, fcntl.LOCK_SH, 1)
        lines = list(_lines(file.read()))
    begun = [line for line in lines if line["kind"] == "start"]
    if not begun:
        return None
    steps = {line["step"]: line for line in lines if line["kind"] == "step"}
    last = max(steps, default=0)
    total = steps[last]["steps"] if steps else 0
    epochs = begun[-1]["epochs"]
    run = Run(
        folder=folder,
        name=begun[-1]["name"],
        domain=begun[-1]["domain"],
        started=begun[-1]["at"],
        whole=begun[-1].get("whole", True),
        total=total,
        steps=tuple(
            Step(**{name: steps[step][name] for name in Step.__dataclass_fields__})
            for step in sorted(steps)
        ),
        validation=tuple(
            {
                line["epoch"] * total // epochs: line["loss"]
                for line in lines
                if line["kind"] == "validation"
            }.items()
        ),
    )
    if lines[-1]["kind"] == "end":
        return replace(run, status=lines[-1]["status"], reason=lines[-1].get("reason", ""))
    return run if alive else replace(run, status="dead")


def runs_of(adapters: Path, domain: str) -> list[Run]:
    """The runs of a domain among the folders in `adapters`, oldest first."""
    found = (read_run(path.parent) for path in adapters.glob(f"*/{LOG}"))
    return sorted(
        (run for run in found if run is not None and run.domain == domain),
        key=lambda run: run.started,
    )


def _lines(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and "kind" in value:
            yield value


def _lock(file: Any, how: int, tries: int) -> bool:
    """Whether the lock was got; closing the file gives it back."""
    for left in reversed(range(tries)):
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if left:
                time.sleep(0.05)
    return False
