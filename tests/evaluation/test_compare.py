"""Comparing two sets of scores: pairing, dropping, seeds, and the test that is chosen."""

from __future__ import annotations

import numpy as np
import pytest

from sadari.evaluation.compare import compare
from sadari.evaluation.types import EvaluationError, Score
from sadari.stats import mcnemar_midp, newcombe_paired


def scores(
    rights: list[bool | None], *, group: int = 1, repeat: int = 0, scorer: str = "key"
) -> list[Score]:
    """One score per question, `group` neighbouring questions to a group."""
    return [
        Score(f"q{i}", f"g{i // group}", "digest", scorer, right, "", repeat=repeat)
        for i, right in enumerate(rights)
    ]


def coin(seed: int, n: int, share: float) -> list[bool | None]:
    return [bool(x) for x in np.random.default_rng(seed).random(n) < share]


def test_single_questions_get_mcnemar_and_newcombe() -> None:
    parent = [True] * 40 + [False] * 20
    child = [True] * 37 + [False] * 3 + [True] * 14 + [False] * 6
    result = compare(scores(parent), scores(child), names=("prompt", "rag"))
    assert (result.both, result.parent_only, result.child_only, result.neither) == (37, 3, 14, 6)
    assert result.p == pytest.approx(mcnemar_midp(14, 3))
    assert result.interval == newcombe_paired(37, 14, 3, 6)
    assert result.difference == pytest.approx(11 / 60)
    assert result.method == "mid-p McNemar; Newcombe"
    assert (result.parent, result.child, result.n, result.groups) == ("prompt", "rag", 60, 60)


def test_groups_that_move_together_make_it_less_sure() -> None:
    parent = [False] * 60
    child = [True] * 12 + [False] * 48
    apart, together = (
        compare(scores(parent, group=size), scores(child, group=size)) for size in (1, 4)
    )
    assert together.p > apart.p
    assert together.interval.low < apart.interval.low
    assert together.design_effect > 2
    assert together.method == "cluster sign-flip (mid-p); Newcombe at the effective sample size"


def test_unasked_questions_are_dropped_and_counted() -> None:
    parent, child = coin(0, 200, 0.6), coin(1, 200, 0.6)
    child[7] = None
    result = compare(scores(parent), scores(child))
    assert (result.n, result.dropped, result.void) == (199, 1, "")


def test_too_many_unasked_questions_void_the_comparison() -> None:
    parent, child = coin(0, 100, 0.6), coin(1, 100, 0.6)
    child[7] = None
    parent[8] = None
    result = compare(scores(parent), scores(child))
    assert result.void == "2 of 100 questions could not be asked on both sides"


def test_a_question_asked_on_one_side_only_counts_as_dropped() -> None:
    result = compare(scores(coin(0, 100, 0.6)), scores(coin(1, 90, 0.6)))
    assert result.dropped == 10
    assert result.void


def test_nothing_in_common_is_void_and_not_a_crash() -> None:
    result = compare(scores([True]), [], names=("a", "b"))
    assert (result.n, result.p) == (0, 1.0)
    assert result.void
    assert compare([], [], names=("a", "b")).void == "no question was answered on both sides"


def test_only_restricts_the_questions() -> None:
    result = compare(scores(coin(0, 50, 0.5)), scores(coin(1, 50, 0.5)), only={"q1", "q2", "q3"})
    assert (result.n, result.dropped) == (3, 0)


def test_seeds_are_averaged_by_question_and_reported_apart() -> None:
    """One lucky seed shows, and the spread over seeds is there to be read."""
    parent = scores([False] * 30)
    child = [
        *scores([True] * 20 + [False] * 10, repeat=0),
        *scores([False] * 29 + [True], repeat=1),
        *scores([False] * 30, repeat=2),
    ]
    result = compare(parent, child)
    assert result.difference == pytest.approx(21 / 90)
    assert [round(s.difference, 3) for s in result.seeds] == [0.667, 0.033, 0.0]
    assert result.p_questions < 0.001 < 0.2 < result.p
    without_the_lucky_one = result.seeds[0]
    assert without_the_lucky_one.p_without == pytest.approx(0.5)
    assert without_the_lucky_one.difference_without == pytest.approx(1 / 60)


def test_identical_rungs_are_not_a_certainty() -> None:
    same = scores([True] * 8 + [False] * 2)
    result = compare(same, same)
    assert result.p == 1.0
    assert result.interval.low < -0.03
    assert result.interval.high > 0.03


def test_different_scorers_cannot_be_compared() -> None:
    with pytest.raises(EvaluationError, match="different scorers: judge, key"):
        compare(scores([True]), scores([True], scorer="judge"))


def test_a_question_scored_twice_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="q0 was scored twice"):
        compare(scores([True]) * 2, scores([True]))
