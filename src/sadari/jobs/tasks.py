"""Several tasks in one tuning: how often each is practised, or one of them alone."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from sadari.data import Dataset, Record
from sadari.jobs.types import JobError

MOST_COPIES = 10  # of a record: a task of a handful would otherwise be learnt by heart


def balanced(
    records: Sequence[Record], tasks: Collection[str], balance: float, seed: int
) -> list[Record]:
    """The records, those of smaller tasks several times: a task of n records beside a largest one
    of N takes part n^(1 - balance) N^balance times, so with 0 as it is and with 1 as often as the
    largest, but no record more than MOST_COPIES times. Records of other tasks stand once. (This is
    temperature sampling with T = 1 / (1 - balance); Raffel et al., 2020, section 3.5.2.)"""
    sizes = Counter(record.task for record in records if record.task in tasks)
    taken = list(records)
    for task, size in sorted(sizes.items()):
        copies = min(MOST_COPIES, (max(sizes.values()) / size) ** balance)
        more = round((copies - 1) * size)
        own = [record for record in records if record.task == task]
        draw = random.Random(f"{seed}/balance/{task}")
        for _ in range(more // size):
            taken += own
        taken += draw.sample(own, more % size)
    return taken


def only_task(data: Dataset, task: str) -> Dataset:
    """The records of one task. Raises JobError where there is nothing to train on, or nothing to
    stop by."""
    train, validation = (
        tuple(record for record in records if record.task == task)
        for records in (data.train, data.validation)
    )
    if not train:
        known = Counter(record.task for record in data.train)
        counts = ", ".join(f"{name} {count}" for name, count in known.most_common())
        raise JobError(
            f"there is no record of the task {task!r} to train on.",
            todo=f"Name one of these, by their records to train on: {counts}.",
        )
    if not validation:
        raise JobError(
            f"there is no record of the task {task!r} to validate on.",
            todo="Add some, or raise validation_share in [data].",
        )
    return replace(data, train=train, validation=validation)
