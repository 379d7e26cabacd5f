"""How fast a tuning will be on this machine: from its own first steps, or from its products."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from sadari.tuning.course import Plan
from sadari.tuning.examples import Unit
from sadari.tuning.lessons import Lesson
from sadari.tuning.loop import train
from sadari.tuning.memory import Footprint
from sadari.tuning.packing import pack
from sadari.tuning.result import Progress
from sadari.tuning.settings import Dtype, TuneSettings

STEPS_IN = 3.0  # seconds of measuring, if two steps take no longer
REACHED = {"cpu": 0.5, "cuda": 0.35}
"""The share of a large product's speed that a whole step reaches: the lower end of what was seen
with small models, whose steps are more than products."""


@dataclass(frozen=True)
class Pace:
    """Seconds before the first step, and for one token of a row, forward and backward. `measured`
    says whether the model itself was run."""

    start_seconds: float
    token_seconds: float
    measured: bool

    def seconds(self, taken: Footprint, epochs: int, held_out_tokens: int) -> float:
        """The whole tuning with all its epochs, and an evaluation before and after each."""
        trained = epochs * taken.tokens
        looked_at = (epochs + 1) * held_out_tokens * taken.forward_share
        return self.start_seconds + (trained + looked_at) * self.token_seconds


class _Enough(Exception):  # noqa: N818 - not an error: the measure is taken
    pass


def measured_pace(
    base: Path,
    lessons: Sequence[Lesson],
    units: Sequence[Unit],
    settings: TuneSettings,
    *,
    shares: bool,
    start_from: Path | None = None,
) -> Pace:
    """From the tuning's own first steps, really taken and thrown away: two of them, or as many as
    three seconds hold. The first counts as start: it is slower than those that follow."""
    plan = Plan(len(units), settings)
    stamps: list[float] = []

    def enough(progress: Progress) -> None:
        stamps.append(time.perf_counter())
        if progress.step > 1 and stamps[-1] - stamps[0] > STEPS_IN:
            raise _Enough

    began = time.perf_counter()
    quiet = replace(settings, save_every_steps=0)
    with TemporaryDirectory() as folder, suppress(_Enough):
        train(base, lessons, [], quiet, Path(folder), start_from=start_from, on_step=enough)
    steps = [[units[i] for i in plan.batch(step)] for step in range(len(stamps))]
    tokens = [row_tokens(step, settings, shares) for step in steps]
    rate = (stamps[-1] - stamps[0]) / max(1, sum(tokens[1:])) if len(stamps) > 1 else 0.0
    return Pace(stamps[0] - began - tokens[0] * rate, rate, measured=True)


def computed_pace(taken: Footprint, dtype: Dtype, device: torch.device) -> Pace:
    """From what a token computes and how fast this machine multiplies: for a base whose weights
    are not here, or do not fit."""
    speed = _products_per_second(dtype, device) * REACHED[device.type]
    return Pace(0.0, taken.flops_per_token / speed, measured=False)


def row_tokens(units: Sequence[Unit], settings: TuneSettings, shares: bool) -> int:
    """Tokens that the units' rows compute; what they share counts once."""
    return sum(row.tokens for row in pack(units, settings.micro_batch_tokens, share=shares))


def _products_per_second(dtype: Dtype, device: torch.device, width: int = 1024) -> float:
    """Additions and multiplications of large matrix products, the best of some."""
    a = torch.ones(width, width, dtype=getattr(torch, dtype), device=device)
    best = float("inf")
    for _ in range(6):
        began = time.perf_counter()
        (a @ a)[0, 0].item()
        best = min(best, time.perf_counter() - began)
    return 2 * width**3 / best
