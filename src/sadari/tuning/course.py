"""Where a tuning stands: all of it that is not a tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from sadari.tuning.settings import TuneSettings

if TYPE_CHECKING:
    from sadari.tuning.objective import Evaluation


@dataclass
class Course:
    """What has happened so far; grows by one loss a step and is saved with every checkpoint.

    preferred is the share of held-out pairs whose chosen answer is the likelier one per token, for
    each validation loss. seconds counts training steps alone, elapsed everything, over all
    processes that took part.
    """

    step: int = 0
    train_losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    preferred: list[float] = field(default_factory=list)
    best_validation_loss: float | None = None
    epochs_without_gain: int = 0
    tokens: int = 0
    seconds: float = 0.0
    elapsed: float = 0.0

    def trained(self, loss: float, tokens: int, seconds: float) -> None:
        """One more step was taken."""
        self.step += 1
        self.train_losses.append(loss)
        self.tokens += tokens
        self.seconds += seconds

    def seen(self, evaluation: Evaluation) -> float:
        """Held-out lessons were looked at. Returns their loss."""
        if evaluation.preferred is not None:
            self.preferred.append(evaluation.preferred)
        return evaluation.loss

    def evaluated(self, loss: float, settled: bool = True) -> bool:
        """One more epoch was evaluated. Returns whether these weights are the best so far; the
        base, evaluated before training, is no candidate: a tuned model is asked for. Nor are
        weights that are not `settled`, whose ranks are still to fall."""
        self.validation_losses.append(loss)
        if not settled:
            return False
        better = self.best_validation_loss is None or loss < self.best_validation_loss
        if better:
            self.best_validation_loss = loss
        self.epochs_without_gain = 0 if better else self.epochs_without_gain + 1
        return better


@dataclass(frozen=True)
class Plan:
    """Which examples are seen at which step, and at which rate: pure functions of the step, so a
    resumed tuning has no sampler or scheduler to restore."""

    examples: int
    settings: TuneSettings

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps of one epoch; the last may have fewer examples."""
        return math.ceil(self.examples / self.settings.batch_examples)

    @property
    def steps(self) -> int:
        """Optimiser steps in all."""
        return self.steps_per_epoch * self.settings.epochs

    def batch(self, step: int) -> list[int]:
        """The examples of the step that follows `step` steps: each once an epoch, in an order of
        the epoch's own."""
        epoch, place = divmod(step, self.steps_per_epoch)
        generator = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + epoch)
        order: list[int] = torch.randperm(self.examples, generator=generator).tolist()
        size = self.settings.batch_examples
        return order[place * size : (place + 1) * size]

    def learning_rate(self, step: int) -> float:
        """The rate of that step: up a line over the warm-up, then down half a cosine to 0
        (Loshchilov and Hutter 2017)."""
        warm = math.ceil(self.settings.warmup_share * self.steps)
        if step < warm:
            return self.settings.peak_rate * (step + 1) / warm
        done = (step - warm) / max(1, self.steps - warm)
        return self.settings.peak_rate * (1 + math.cos(math.pi * done)) / 2
