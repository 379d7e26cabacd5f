"""What a climb produces: a result for each rung, comparisons between rungs, and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sadari.domain.question import Question
from sadari.evaluation.types import Score
from sadari.text import SadariError

Watch = Callable[[str, int, int], None]  # stage, done, total


class LadderError(SadariError):
    """A climb that cannot be made, with the reason."""


@dataclass(frozen=True)
class Exposure:
    """What tuning has seen of an exam, as ids of questions.

    held_out     facts whose documents were all held out of tuning.
    no_document  what stands in no document: refusals, states, calls.
    trained      facts whose documents were all trained on.

    Facts that rest on documents of both kinds are in none of them.
    """

    held_out: frozenset[str]
    no_document: frozenset[str] = frozenset()
    trained: frozenset[str] = frozenset()

    @property
    def unseen(self) -> frozenset[str]:
        """The questions whose answers tuning cannot have memorised: they judge a tuned rung."""
        return self.held_out | self.no_document


def exposure(questions: Sequence[Question], held_out: Collection[str]) -> Exposure | None:
    """The exam sorted by the documents that were held out (ids). None where tuning may have seen
    every answer but the refusals, which alone say too little."""
    acts = {q.id for q in questions if not q.evidence and q.kind in ("state", "call")}
    facts = {q.id for q in questions if q.evidence and set(q.evidence) <= set(held_out)}
    if not acts and not facts:
        return None
    refusals = {q.id for q in questions if not q.evidence and q.kind == "refuse"}
    trained = {q.id for q in questions if q.evidence and not set(q.evidence) & set(held_out)}
    return Exposure(frozenset(facts), frozenset(acts | refusals), frozenset(trained))


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
