"""A forecast of one move, with everything that a person may ask about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sadari.forecasting.models.rules import Finding


@dataclass(frozen=True)
class Reason:
    """What moved the forecast away from the route's usual time, in minutes; `text` says it in the
    reader's language, a rule by its own sentence."""

    factor: str
    minutes: float
    text: str


@dataclass(frozen=True)
class Case:
    """A past move in a like situation, and what happened."""

    id: str
    route: str
    at: str
    minutes: float
    priority: str
    alike: float  # 1: the same situation, 0: nothing in common
    planned: tuple[str, ...]


@dataclass(frozen=True)
class RuleEffect:
    """A declared rule that is about this move: its minutes, and what the data say."""

    id: str
    text: str
    declared: float
    measured: float | None
    finding: Finding


@dataclass(frozen=True)
class Adjustment:
    """Minutes that a planned item adds, who says so, and the item that it cites."""

    minutes: float
    source: Literal["rule", "model"]
    reason: str
    evidence: str
    applied: bool  # only where its backtest showed a gain


@dataclass(frozen=True)
class Forecast:
    """Quantiles of the minutes of one move, in ascending order, finite and positive.

    `level` says whose history it stands on: the route's, its pair of groups, or all; `fallback` is
    a sentence when it is not the route's. Times are local, `quantiles` are (level, minutes)."""

    route: str
    as_of: str
    at: str
    learnt_until: str  # the models' own last event; later ones count as they are
    estimand: Literal["move"]
    quantiles: tuple[tuple[float, float], ...]
    model: str
    level: Literal["route", "pair", "all"]
    n_history: int
    usual_minutes: float
    fallback: str
    reasons: tuple[Reason, ...]
    cases: tuple[Case, ...]
    rules: tuple[RuleEffect, ...]
    adjustments: tuple[Adjustment, ...]

    @property
    def median(self) -> float:
        """The middle quantile, in minutes."""
        return self.quantiles[len(self.quantiles) // 2][1]

    @property
    def interval(self) -> tuple[float, float]:
        """The 80 % interval, in minutes."""
        return self.quantiles[0][1], self.quantiles[-1][1]
