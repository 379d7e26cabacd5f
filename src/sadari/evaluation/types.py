"""Scores: one answer to one question by one bundle, judged by one scorer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean

from sadari.text import SadariError


class EvaluationError(SadariError):
    """An evaluation that cannot be run or compared."""


@dataclass(frozen=True)
class Score:
    """`right` is None when the question could not be asked: not wrong, unknown. It is what a
    person said where one judged the answer (`person`, with the `reason` given); `overruled` says
    that the scorer had said otherwise. `why` is always the scorer's."""

    question: str
    group: str
    bundle: str
    scorer: str
    right: bool | None
    answer: str
    why: str = ""
    found: bool | None = None
    repeat: int = 0
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    parts: Mapping[str, float] = field(default_factory=dict)
    person: bool | None = None
    overruled: bool = False
    reason: str = ""

    @property
    def by_scorer(self) -> bool | None:
        """What the scorer alone says."""
        return not self.right if self.overruled else self.right


def mean_parts(scores: Sequence[Score]) -> dict[str, float]:
    """The mean of each part over the scores that have it: slot accuracy and the share of valid
    JSON where there are states. A question that could not be asked has no parts."""
    values: defaultdict[str, list[float]] = defaultdict(list)
    for score in scores:
        for name, value in score.parts.items():
            values[name].append(value)
    return {name: mean(found) for name, found in values.items()}
