"""What a climb may claim: a verdict on each step, and the rung to use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sadari.domain.question import Question
from sadari.evaluation.compare import Comparison
from sadari.evaluation.people import WithPeople
from sadari.ladder.standing import Standing
from sadari.ladder.types import Rung
from sadari.text.language import Language

Word = Literal["better", "worse", "not worse", "inconclusive", "void", "gained", "gained nothing"]
Doubt = Literal["", "one seed", "carried by one seed", "seeds differ", "control gained"]
Why = Literal["meets", "paid", "nothing paid"]


@dataclass(frozen=True)
class Verdict:
    """What a step from the parent rung is worth.

    `comparison` decides; for a tuned rung it is made on answers that tuning cannot have seen
    (`on_unseen`), and `trained` is the same step on facts that were in training. `doubt` says
    why a difference that passed its test is still not called better or worse. `more` is about how
    many further questions would decide it, None where no number would. `visible` is the smallest
    difference that these questions show four times in five. Controls say "gained" or "gained
    nothing", unadjusted: they are alarms, not claims.
    """

    comparison: Comparison
    word: Word
    doubt: Doubt
    more: int | None
    visible: float
    control: bool
    on_unseen: bool
    trained: Comparison | None = None

    @property
    def name(self) -> str:
        """The rung that was judged."""
        return self.comparison.child


@dataclass(frozen=True)
class People:
    """What people said of the answers, by rung: how many they overruled, and the share right by
    the scorer alone, with the rung that it alone would choose."""

    overruled: Mapping[str, int]
    by_scorer: Mapping[str, float]
    choice_by_scorer: str
    agreement: WithPeople | None


@dataclass(frozen=True)
class Judgement:
    """Everything that a climb may claim. `choice` is the rung to use and `why` the rule that
    chose it; `look` counts how often these test questions have been used for a verdict.
    `people` is None where nobody judged an answer to these questions."""

    rungs: tuple[Rung, ...]
    standings: tuple[Standing, ...]
    verdicts: tuple[Verdict, ...]
    choice: str
    why: Why
    target: float
    alpha: float
    margin: float
    n: int
    groups: int
    visible: float
    look: int
    language: Language
    questions: tuple[Question, ...] = ()
    people: People | None = None

    def standing(self, name: str) -> Standing:
        """The standing of a rung by name."""
        return next(s for s in self.standings if s.name == name)

    def verdict(self, name: str) -> Verdict | None:
        """The verdict on a rung's step, or None for the first rung."""
        return next((v for v in self.verdicts if v.name == name), None)
