"""Climbs with known truth, for the tests of verdicts, tables and reports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadari.evaluation.types import Score
from sadari.ladder.types import Exposure, Rung, Training


def rung(
    name: str,
    parent: str | None,
    rights: Sequence[Sequence[bool | None]],
    *,
    group: int = 1,
    found: Sequence[bool | None] = (),
    price: float | None = None,
    control: bool = False,
    recall: float | None = None,
) -> Rung:
    """A rung from right/wrong by repeat and question; more than one repeat means tuned."""
    scores = tuple(
        Score(
            question=f"q{i}",
            group=f"g{i // group}",
            bundle=f"{name}-digest",
            scorer="key",
            right=right,
            answer=f"answer {i} of {name}",
            found=found[i] if found else None,
            repeat=repeat,
            seconds=0.1 + 0.01 * i,
            prompt_tokens=100,
            completion_tokens=20,
        )
        for repeat, row in enumerate(rights)
        for i, right in enumerate(row)
    )
    tuned = name.startswith("tuned")
    training = tuple(
        Training(seed, f"adapters/{name}-{seed}", 300, 60.0, 5_000.0, 40_000, 5_000_000, 0.4)
        for seed in range(len(rights) if tuned else 0)
    )
    return Rung(
        name,
        parent,
        f"{name}-digest",
        scores,
        price_per_thousand=price,
        recall_at_k=recall,
        training=training,
        control=control,
    )


def held_out(first: int, last: int, n: int, step: int = 1) -> Exposure:
    """The facts of questions `first` up to `last` held out of tuning, those of all others not."""
    kept = frozenset(f"q{i}" for i in range(first, last, step))
    return Exposure(kept, trained=frozenset(f"q{i}" for i in range(n)) - kept)


def first(k: int, n: int) -> list[bool]:
    """k right answers, then wrong ones."""
    return [i < k for i in range(n)]


def coins(seed: int, n: int, share: float) -> list[bool]:
    """Independent answers, right with probability `share`."""
    return [bool(x) for x in np.random.default_rng(seed).random(n) < share]
