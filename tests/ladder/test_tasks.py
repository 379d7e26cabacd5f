"""Scores by task: a task that loses beside others is seen, one that does not is left in peace."""

from __future__ import annotations

from dataclasses import asdict, replace

from sadari.domain import Key, Message, Question
from sadari.ladder.tasks import (
    by_kind,
    by_task,
    compare_tasks,
    difference_line,
    split_advice,
    task_line,
)
from tests.ladder.climbs import first, rung

N = 80


def exam(*tasks: str) -> list[Question]:
    """80 questions, dealt out to the tasks in turn."""
    return [
        Question(
            id=f"q{i}",
            group=f"g{i}",
            messages=(Message("user", f"{i}?"),),
            kind="answer",
            key=Key(must=(("x",),)),
            split="test",
            task=tasks[i % len(tasks)],
        )
        for i in range(N)
    ]


def test_the_share_of_each_task_is_over_its_own_questions() -> None:
    half = rung("prompt", None, [[i % 2 == 0 for i in range(N)]])
    parts = by_task(half.scores, exam("answer", "mood"))
    assert {task: (part.n, part.share.estimate) for task, part in parts.items()} == {
        "answer": (40, 1.0),
        "mood": (40, 0.0),
    }
    assert task_line("mood", parts["mood"]) == "mood: 0% (0–9%) of 40"


def test_the_share_of_each_kind_of_question() -> None:
    half = rung("prompt", None, [[i % 2 == 0 for i in range(N)]])
    mixed = [
        replace(question, kind="refuse" if i % 4 == 0 else "answer")
        for i, question in enumerate(exam("answer"))
    ]
    parts = by_kind(half.scores, mixed)
    assert {kind: (part.n, part.share.estimate) for kind, part in parts.items()} == {
        "answer": (60, 20 / 60),
        "refuse": (20, 1.0),
    }


def test_an_exam_of_one_task_is_not_taken_apart() -> None:
    one = rung("prompt", None, [first(40, N)])
    assert by_kind(one.scores, exam("answer")) == {}
    assert by_task(one.scores, exam("answer")) == {}
    assert compare_tasks(one.scores, one.scores, exam("answer")) == {}


def test_a_task_that_got_surely_worse_should_have_an_adapter_of_its_own() -> None:
    before = rung("prompt", None, [[i % 2 == 1 for i in range(N)]])
    after = rung("tuned", "prompt", [[i % 2 == 0 for i in range(N)]])
    compared = compare_tasks(before.scores, after.scores, exam("answer", "mood"))
    assert compared["answer"].difference == 1.0
    assert compared["mood"].difference == -1.0
    advice = split_advice(compared, "my-domain")
    assert "sadari tune my-domain --task mood" in advice
    assert "answer:" not in advice
    assert difference_line("mood", compared["mood"]).startswith("mood: −100.0 points")


def test_a_loss_within_chance_gives_no_advice() -> None:
    before = rung("prompt", None, [first(41, N)])
    after = rung("tuned", "prompt", [first(39, N)])
    assert (
        split_advice(compare_tasks(before.scores, after.scores, exam("answer", "mood")), "d") == ""
    )


def test_p_values_are_adjusted_over_the_tasks() -> None:
    before = rung("prompt", None, [[i in (0, 4, 8, 12, 16, 20) for i in range(N)]])
    after = rung("tuned", "prompt", [first(0, N)])
    tasks = compare_tasks(before.scores, after.scores, exam("a", "b", "c", "d"))
    assert tasks["a"].p < 0.05
    assert tasks["a"].p_holm == min(1.0, 4 * tasks["a"].p)
    only = compare_tasks(before.scores, after.scores, exam("a", "b", "c", "d"), only={"q0", "q1"})
    assert {task: one.n for task, one in only.items()} == {"a": 1, "b": 1}
    assert asdict(only["a"])["n"] == 1
