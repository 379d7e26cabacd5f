"""What a climb produces: a result for each rung, comparisons between rungs, and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sadari.evaluation.types import Score
from sadari.text import SadariError

Watch = Callable[[str, int, int], None]  # stage, done, total


class LadderError(SadariError):
    """A climb that cannot be made, with the reason."""


@dataclass(frozen=True)
class Training:
    """What a tuned rung cost to make, one entry per seed."""

    seed: int
    adapter: str
    examples: int
    seconds: float
    tokens_per_second: float
    trainable: int
    total: int
    validation_loss: float


@dataclass(frozen=True)
class Rung:
    """One measured rung. `scores` holds one row per question and seed (`Score.repeat`);
    `seconds` are of questions asked one at a time; `control` marks a rung that must gain nothing
    (shuffled answers); `facts` are further measurements by name."""

    name: str
    parent: str | None
    bundle: str
    scores: tuple[Score, ...]
    seconds: tuple[float, ...] = ()
    price_per_thousand: float | None = None
    currency: str = "KRW"
    recall_at_k: float | None = None
    training: tuple[Training, ...] = ()
    control: bool = False
    recipe: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
