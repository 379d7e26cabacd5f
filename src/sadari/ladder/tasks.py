"""Scores by task and by kind of question: where one model for several tasks pays, and which task
should have its own."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from sadari.domain.question import Question
from sadari.evaluation.compare import Comparison, compare
from sadari.evaluation.types import Score
from sadari.ladder.figures import between, percent, points
from sadari.ladder.standing import Part, part_of
from sadari.stats import holm

ALPHA = 0.05


def by_task(scores: Sequence[Score], questions: Sequence[Question]) -> dict[str, Part]:
    """The share right on each task's questions; nothing where the exam has a single task."""
    return _parts(scores, _questions(questions, "task"))


def by_kind(scores: Sequence[Score], questions: Sequence[Question]) -> dict[str, Part]:
    """The share right on answers, refusals, states and calls; nothing where all are of a kind."""
    return _parts(scores, _questions(questions, "kind"))


def _parts(scores: Sequence[Score], questions: Mapping[str, frozenset[str]]) -> dict[str, Part]:
    asked = [score for score in scores if score.right is not None]
    return {
        name: part_of([score for score in asked if score.question in ids])
        for name, ids in questions.items()
    }


def compare_tasks(
    parent: Sequence[Score],
    child: Sequence[Score],
    questions: Sequence[Question],
    *,
    only: Collection[str] | None = None,
) -> dict[str, Comparison]:
    """Child minus parent for each task that both were asked, p-values adjusted together (Holm).
    `only` restricts to the ids that it holds."""
    asked = {s.question for s in parent} & {s.question for s in child}
    if only is not None:
        asked &= set(only)
    found = {
        task: compare(parent, child, only=ids & asked, names=("", ""))
        for task, ids in _questions(questions, "task").items()
        if ids & asked
    }
    adjusted = holm([one.p for one in found.values()])
    return {
        task: replace(one, p_holm=p) for (task, one), p in zip(found.items(), adjusted, strict=True)
    }


def task_line(task: str, part: Part) -> str:
    """`mood: 50% (24–76%) of 10`."""
    return f"{task or '–'}: {percent(part.share.estimate)} ({between(part.share)}) of {part.n}"


def difference_line(task: str, one: Comparison) -> str:
    """`mood: −20.0 points (−48.1 to +12.0) of 10, p = .23`."""
    low, high = points(one.interval.low), points(one.interval.high)
    return (
        f"{task or '–'}: {points(one.difference)} points ({low} to {high}) of {one.n}, "
        f"p = {one.p_holm:.3f} over all tasks"
    )


def split_advice(compared: Mapping[str, Comparison], domain: str) -> str:
    """What to do where an adapter for all tasks of `domain`, a folder, is surely worse at one than
    what it is compared with; empty where it is at none."""
    losers = [
        task
        for task, one in compared.items()
        if task and one.difference < 0 and one.p_holm is not None and one.p_holm <= ALPHA
    ]
    if not losers:
        return ""
    verbs = ", ".join(f"`sadari tune {domain} --task {shlex.quote(task)}`" for task in losers)
    return (
        f"{', '.join(losers)}: worse than before. A task that loses beside others should have an "
        f"adapter of its own ({verbs}), or weigh more ([data] balance)."
    )


def _questions(
    questions: Sequence[Question], by: Literal["task", "kind"]
) -> dict[str, frozenset[str]]:
    """Ids by task or kind, where there are several."""
    ids: dict[str, set[str]] = defaultdict(set)
    for question in questions:
        ids[getattr(question, by)].add(question.id)
    return {name: frozenset(ids[name]) for name in sorted(ids)} if len(ids) > 1 else {}
