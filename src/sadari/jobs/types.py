"""The errors of this floor."""

from __future__ import annotations

from pathlib import Path

from sadari.text import SadariError


class JobError(SadariError):
    """A job that cannot be run, with the reason."""


def out_of_memory(base: Path, error: BaseException) -> JobError:
    """The error for memory that ran out where shorter rows do not help."""
    return JobError(
        "Memory ran out where shorter rows do not help: the base, what trains, or its optimiser "
        f"do not fit ({str(error).splitlines()[0][:120] if str(error) else 'no more is known'}).",
        where=str(base),
        todo="Look at `sadari tune … --dry-run`; take method lora or qlora, a smaller base, or a "
        "machine with more memory.",
    )
