"""The error of this floor, and where a training that finds no memory becomes one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sadari.text import SadariError


class JobError(SadariError):
    """A job that cannot be run, with the reason."""


@contextmanager
def enough_memory(base: Path) -> Iterator[None]:
    """Where a training runs: memory that runs out where shorter rows do not help is a JobError."""
    from sadari.tuning.room import ran_out

    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not ran_out(error):
            raise
        said = str(error).splitlines()[0][:120] if str(error) else "no more is known"
        raise JobError(
            "Memory ran out where shorter rows do not help: the base, what trains, or its "
            f"optimiser do not fit ({said}).",
            where=str(base),
            todo="Look at `sadari tune … --dry-run`; take method lora or qlora, a smaller base, or "
            "a machine with more memory.",
        ) from None
