"""Where one rung stands by itself: quality with its interval, failures told apart, cost, time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sadari.evaluation.types import Score
from sadari.ladder.types import Exposure, Rung
from sadari.stats import Interval, share_interval

Meets = Literal["surely", "measured", "no"]


@dataclass(frozen=True)
class Part:
    """The share right on a part of the questions. `n` questions in `groups` were asked."""

    n: int
    groups: int
    share: Interval


@dataclass(frozen=True)
class Failures:
    """Wrong answers by where they went wrong, in questions (fractional over seeds).

    `not_found`: the evidence was not among the passages. `found_wrong`: it was, and the answer is
    still wrong. `unknown`: nothing was searched, so nothing can be told apart.
    """

    not_found: float
    found_wrong: float
    unknown: float


@dataclass(frozen=True)
class Standing:
    """One rung measured. `unseen`, `held_out` and `trained` are the parts of an `Exposure`;
    `seeds` is the share right of each training seed. `break_even` is the number of answers after
    which the one-time cost is saved against the parent rung."""

    name: str
    parent: str | None
    bundle: str
    control: bool
    tuned: bool
    unasked: int
    all: Part
    unseen: Part | None
    held_out: Part | None
    trained: Part | None
    meets: Meets
    failures: Failures
    recall_at_k: float | None
    seconds_p50: float | None
    seconds_p95: float | None
    prompt_tokens_per_thousand: float
    completion_tokens_per_thousand: float
    price_per_thousand: float | None
    currency: str
    seeds: tuple[tuple[int, Part], ...]
    setup_cost: float | None = None
    break_even: float | None = None

    @property
    def deciding(self) -> Part:
        """What the rung is judged by: a tuned rung by answers that it cannot have memorised."""
        return self.unseen if self.tuned and self.unseen is not None else self.all


def is_tuned(rung: Rung) -> bool:
    """Whether an adapter answers."""
    return bool(rung.training) or bool(rung.recipe.get("adapter"))


def stand(
    rung: Rung,
    *,
    target: float,
    exposure: Exposure | None = None,
    setup_cost: float | None = None,
) -> Standing:
    """Sum up one rung. `target` is the share right that it should reach, from 0 to 1."""
    asked = [score for score in rung.scores if score.right is not None]
    whole = part_of(asked)
    unseen = held_out = trained = None
    if exposure is not None:
        unseen, held_out, trained = (
            part_of([s for s in asked if s.question in ids])
            for ids in (exposure.unseen, exposure.held_out, exposure.trained)
        )
    tuned = is_tuned(rung)
    deciding = unseen if tuned and unseen is not None else whole
    seconds = rung.seconds or tuple(s.seconds for s in asked if s.seconds > 0)
    if rung.control:  # nobody waits for it
        seconds = ()
    repeats = sorted({score.repeat for score in rung.scores})
    return Standing(
        name=rung.name,
        parent=rung.parent,
        bundle=rung.bundle,
        control=rung.control,
        tuned=tuned,
        unasked=len({s.question for s in rung.scores if s.right is None}),
        all=whole,
        unseen=unseen,
        held_out=held_out,
        trained=trained,
        meets=_meets(deciding, target),
        failures=_failures(asked, max(1, len(repeats))),
        recall_at_k=rung.recall_at_k,
        seconds_p50=float(np.quantile(seconds, 0.5)) if seconds else None,
        seconds_p95=float(np.quantile(seconds, 0.95)) if seconds else None,
        prompt_tokens_per_thousand=_per_thousand([s.prompt_tokens for s in asked]),
        completion_tokens_per_thousand=_per_thousand([s.completion_tokens for s in asked]),
        price_per_thousand=rung.price_per_thousand,
        currency=rung.currency,
        seeds=tuple((r, part_of([s for s in asked if s.repeat == r])) for r in repeats),
        setup_cost=setup_cost,
    )


def values(scores: Sequence[Score]) -> dict[str, tuple[str, float]]:
    """By question: its group, and right as a mean over repeats. Unasked scores are left out."""
    rights: dict[str, list[bool]] = defaultdict(list)
    groups: dict[str, str] = {}
    for score in scores:
        if score.right is not None:
            rights[score.question].append(score.right)
            groups[score.question] = score.group or f"question {score.question}"
    return {question: (groups[question], float(np.mean(r))) for question, r in rights.items()}


def part_of(scores: Sequence[Score]) -> Part:
    """The share right on the questions of these scores, which were all asked."""
    by_question = values(scores)
    clusters = [group for group, _ in by_question.values()]
    rights = [right for _, right in by_question.values()]
    return Part(len(rights), len(set(clusters)), share_interval(rights, clusters))


def _meets(part: Part, target: float) -> Meets:
    if part.n == 0 or part.share.estimate < target:
        return "no"
    return "surely" if part.share.low >= target else "measured"


def _failures(asked: Sequence[Score], repeats: int) -> Failures:
    wrong = [score.found for score in asked if not score.right]
    return Failures(
        not_found=sum(found is False for found in wrong) / repeats,
        found_wrong=sum(found is True for found in wrong) / repeats,
        unknown=sum(found is None for found in wrong) / repeats,
    )


def _per_thousand(tokens: Sequence[int]) -> float:
    return 1_000 * sum(tokens) / len(tokens) if tokens else 0.0
