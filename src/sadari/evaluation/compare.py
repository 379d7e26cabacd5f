"""Two rungs on the same questions: how far apart they are, and how sure that is.

The test is the cluster sign-flip test with mid-p throughout; with one question per group and
right/wrong answers it *is* the mid-p McNemar test. The interval is Newcombe's for right/wrong
answers, its counts divided by the design effect of groups, and the BCa cluster bootstrap for
means over training seeds; where there are several seeds, their spread is added to both.
docs/statistics.md has the simulation behind these choices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sadari.evaluation.types import EvaluationError, Score
from sadari.stats import (
    Interval,
    bca_paired,
    design_effect,
    interval_over_seeds,
    newcombe_paired,
    p_over_seeds,
    sign_flip,
)
from sadari.stats.interval import Floats, Integers, codes

MOST_DROPPED = 0.01
FEWEST_DIFFERING_GROUPS = 8


@dataclass(frozen=True)
class SeedDifference:
    """The child's seed against the parent (`difference`), and what is left of the comparison
    without this seed; None where it is the only one."""

    seed: int
    difference: float
    difference_without: float | None
    p_without: float | None


@dataclass(frozen=True)
class Contrast:
    """The tests of a comparison, without its interval. `p_questions` takes questions as the only
    source of chance; `p` adds the spread over training seeds, where there are several."""

    difference: float
    p: float
    p_questions: float
    seeds: tuple[SeedDifference, ...]


@dataclass(frozen=True)
class Comparison:
    """Child minus parent on the questions that both were asked.

    `both`, `parent_only`, `child_only` and `neither` count questions; they are fractional where
    answers are averaged over seeds. `p_holm` is filled by whoever knows the family. `void` is the
    reason why nothing may be concluded, or empty.
    """

    parent: str
    child: str
    n: int
    groups: int
    dropped: int
    difference: float
    interval: Interval
    p: float
    p_questions: float
    both: float
    parent_only: float
    child_only: float
    neither: float
    disagreement: float
    design_effect: float
    seeds: tuple[SeedDifference, ...]
    method: str
    void: str = ""
    p_holm: float | None = None

    @property
    def contrast(self) -> Contrast:
        """Its tests alone."""
        return Contrast(self.difference, self.p, self.p_questions, self.seeds)


def compare(
    parent: Sequence[Score],
    child: Sequence[Score],
    *,
    only: Collection[str] | None = None,
    names: tuple[str, str] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare two sets of scores by question; `only` restricts to the ids it holds.

    The value of a question is the mean of right over its repeats (training seeds). A question
    that could not be asked, or was asked on one side only, is dropped and counted; more than 1 %
    of them void the comparison. `names` are the rungs' names, by default the bundles' digests.

    Raises `EvaluationError` where the scorers differ or a question was scored twice in a repeat.
    """
    title = names or (_bundle(parent), _bundle(child))
    _same_scorer(parent, child, title)
    kept = set(only) if only is not None else None
    first, groups = _by_question(parent, kept, title[0])
    second, more_groups = _by_question(child, kept, title[1])
    everything = list(dict.fromkeys([*first, *second]))
    seeds_first, seeds_second = _seeds(first), _seeds(second)
    asked = [
        question
        for question in everything
        if _complete(first.get(question), seeds_first)
        and _complete(second.get(question), seeds_second)
    ]
    dropped = len(everything) - len(asked)
    void = ""
    if not asked:
        void = "no question was answered on both sides"
    elif dropped > MOST_DROPPED * len(everything):
        void = f"{dropped} of {len(everything)} questions could not be asked on both sides"
    pairs = _Pairs(
        parent=_table(first, asked, seeds_first).mean(axis=0),
        child=_table(second, asked, seeds_second),
        clusters=codes([{**more_groups, **groups}[question] for question in asked]),
        seeds=seeds_second,
    )
    tested = contrast(pairs.parent, pairs.child, pairs.clusters, pairs.seeds)
    interval, method = _interval(pairs, level, seed)
    both, parent_only, child_only, neither = pairs.table
    return Comparison(
        parent=title[0],
        child=title[1],
        n=len(asked),
        groups=pairs.groups,
        dropped=dropped,
        difference=tested.difference,
        interval=interval_over_seeds(interval, [part.difference for part in tested.seeds]),
        p=tested.p,
        p_questions=tested.p_questions,
        both=both,
        parent_only=parent_only,
        child_only=child_only,
        neither=neither,
        disagreement=float(np.mean(pairs.difference**2)) if asked else 0.0,
        design_effect=_effect(pairs),
        seeds=tested.seeds,
        method=method,
        void=void,
    )


def contrast(
    parent: Floats, child: Floats, clusters: Integers, seeds: Sequence[int] = ()
) -> Contrast:
    """The sign-flip test of child (seeds, n) against parent (n,): over all seeds, with their
    spread, and over the questions alone without each seed."""
    seeds = seeds or range(len(child))
    difference = child.mean(axis=0) - parent
    parts = []
    for index, seed in enumerate(seeds):
        own = float((child[index] - parent).mean()) if len(parent) else 0.0
        if len(child) == 1:
            parts.append(SeedDifference(seed, own, None, None))
            continue
        rest = np.delete(child, index, axis=0).mean(axis=0) - parent
        left = float(rest.mean()) if len(parent) else 0.0
        parts.append(SeedDifference(seed, own, left, sign_flip(rest, clusters)))
    mean = float(difference.mean()) if len(parent) else 0.0
    p_questions = sign_flip(difference, clusters)
    p = p_over_seeds(p_questions, [part.difference for part in parts])
    return Contrast(mean, p, p_questions, tuple(parts))


@dataclass(frozen=True)
class _Pairs:
    """Answers side by side: parent (n,), child (seeds, n), and the cluster of each question."""

    parent: Floats
    child: Floats
    clusters: Integers
    seeds: Sequence[int]

    @property
    def difference(self) -> Floats:
        return np.asarray(self.child.mean(axis=0) - self.parent)

    @property
    def groups(self) -> int:
        return int(self.clusters.max(initial=-1)) + 1

    @property
    def table(self) -> tuple[float, float, float, float]:
        """Questions right on both sides, by the parent only, by the child only, by neither."""
        x, y = self.parent, self.child.mean(axis=0)
        cells = (x * y, x * (1 - y), (1 - x) * y, (1 - x) * (1 - y))
        both, parent_only, child_only, neither = (float(cell.sum()) for cell in cells)
        return both, parent_only, child_only, neither


def _interval(pairs: _Pairs, level: float, seed: int) -> tuple[Interval, str]:
    """The interval over questions, and what the methods of test and interval are called."""
    difference = pairs.difference
    right_or_wrong = bool(np.isin(difference, (-1.0, 0.0, 1.0)).all())
    clustered = pairs.groups < len(difference)
    differing = np.bincount(pairs.clusters, weights=np.abs(difference))
    # A bootstrap of a handful of differing groups knows less than Newcombe's cautious table.
    if right_or_wrong or np.count_nonzero(differing) < FEWEST_DIFFERING_GROUPS:
        both, parent_only, child_only, neither = (cell / _effect(pairs) for cell in pairs.table)
        interval = newcombe_paired(both, child_only, parent_only, neither, level)
        how = "Newcombe at the effective sample size" if clustered else "Newcombe"
    else:
        interval = bca_paired(difference, pairs.clusters, seed, level)
        how = "BCa cluster bootstrap"
    test = "cluster sign-flip (mid-p)" if clustered or not right_or_wrong else "mid-p McNemar"
    spread = "; spread over seeds" if len(pairs.seeds) > 1 else ""
    return interval, f"{test}; {how}{spread}"


def _effect(pairs: _Pairs) -> float:
    """The design effect; where nothing varies, as if each group were a single question."""
    difference = pairs.difference
    if len(difference) == 0:
        return 1.0
    if np.ptp(difference) == 0:
        return len(difference) / pairs.groups
    return design_effect(difference, pairs.clusters)


def _by_question(
    scores: Sequence[Score], only: set[str] | None, name: str
) -> tuple[Mapping[str, Mapping[int, bool | None]], Mapping[str, str]]:
    """right by question and repeat, and the group of each question."""
    rights: dict[str, dict[int, bool | None]] = defaultdict(dict)
    groups: dict[str, str] = {}
    for score in scores:
        if only is not None and score.question not in only:
            continue
        if score.repeat in rights[score.question]:
            raise EvaluationError(
                f"Question {score.question} was scored twice in repeat {score.repeat} of {name}.",
                todo="Give each training seed its own repeat, and score each question once.",
            )
        rights[score.question][score.repeat] = score.right
        groups[score.question] = score.group or f"question {score.question}"
    return rights, groups


def _seeds(rights: Mapping[str, Mapping[int, bool | None]]) -> list[int]:
    return sorted({repeat for by_repeat in rights.values() for repeat in by_repeat}) or [0]


def _complete(by_repeat: Mapping[int, bool | None] | None, seeds: Sequence[int]) -> bool:
    return by_repeat is not None and all(by_repeat.get(seed) is not None for seed in seeds)


def _table(
    rights: Mapping[str, Mapping[int, bool | None]], asked: Sequence[str], seeds: Sequence[int]
) -> Floats:
    """right as 0 and 1, shape (seeds, questions)."""
    return np.array([[float(bool(rights[q][seed])) for q in asked] for seed in seeds])


def _bundle(scores: Sequence[Score]) -> str:
    return scores[0].bundle if scores else "nothing"


def _same_scorer(parent: Sequence[Score], child: Sequence[Score], names: tuple[str, str]) -> None:
    scorers = sorted({score.scorer for score in (*parent, *child)})
    if len(scorers) > 1:
        raise EvaluationError(
            f"{names[0]} and {names[1]} were judged by different scorers: {', '.join(scorers)}.",
            todo="Score both with the same scorer before comparing them.",
        )
