"""Would more data pay? The loss after tuning on a quarter, a half and all of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sadari.jobs.search import with_settings
from sadari.jobs.tune import Job, Tuned
from sadari.tuning import TuningError

SHARES = (0.25, 0.5, 1.0)
WORTH = 0.01  # of the loss: what another doubling should bring to be worth collecting


@dataclass(frozen=True)
class Point:
    """A share of the training examples, the loss on the held-out ones after tuning on them, and
    the share of the dev exam that is right; None without a dev exam."""

    share: float
    examples: int
    loss: float
    right: float | None = None


def curve_jobs(job: Job) -> list[Job]:
    """The job on each share of its examples; a smaller share is a part of every larger one, and
    the whole is the job itself. Raises TuningError for too few examples."""
    order = random.Random(f"{job.settings.seed}/curve").sample(
        range(len(job.train)), len(job.train)
    )
    if len(order) * SHARES[0] < 2:
        raise TuningError(
            f"A curve needs at least 8 training examples; there are {len(order)}.",
            todo="Add records, and look again.",
        )
    jobs = []
    for share in SHARES[:-1]:
        kept = sorted(order[: round(share * len(order))])
        part = replace(
            job,
            name=f"{share:.0%} of the data",
            train=tuple(job.train[i] for i in kept),
            whole=False,
        )
        jobs.append(with_settings(part, job.settings))
    return [*jobs, job]


def points(
    jobs: Sequence[Job], tuned: Sequence[Tuned], right: Sequence[float | None]
) -> list[Point]:
    """What the tunings of `curve_jobs` came to."""
    return [
        Point(share, len(job.train), one.result["best_validation_loss"], score)
        for share, job, one, score in zip(SHARES, jobs, tuned, right, strict=True)
    ]


def advice(curve: Sequence[Point]) -> str:
    """Whether more data would pay, if the next doubling brings as large a part of the one before
    as that one did (a power law), and no more than it."""
    quarter, half, whole = (point.loss for point in curve)
    first, last = quarter - half, half - whole
    if last <= 0:
        return (
            f"The second half of the data did not lower the loss ({half:.3f} → {whole:.3f}): look "
            "at its quality before collecting more."
        )
    held = min(1.0, last / first) if first > 0 else 1.0
    more = last * held
    told = f"The second half of the data lowered the loss by {last:.3f} ({last / half:.1%}); "
    if more / whole >= WORTH:
        return told + f"twice the data should bring about {more:.3f} more: collecting pays."
    return told + f"twice the data should bring only about {more:.3f} more: it hardly pays."
