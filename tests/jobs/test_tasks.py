"""Several tasks in one tuning: small ones practised more often, or one of them alone."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.data import Dataset, Record
from sadari.domain import Message
from sadari.jobs import JobError
from sadari.jobs.tasks import MOST_COPIES, balanced, only_task


def records(**sizes: int) -> list[Record]:
    turns = (Message("user", "묻는다"), Message("assistant", "답한다"))
    return [
        Record(id=f"{task}{i}", messages=turns, group=f"{task}{i}", source="", task=task)
        for task, size in sizes.items()
        for i in range(size)
    ]


def counts(**sizes: int) -> dict[str, int]:
    made = balanced(records(**sizes), {"answer", "mood"}, 0.5, seed=1)
    return dict(Counter(record.task for record in made))


def test_half_a_balance_is_the_geometric_mean() -> None:
    assert counts(answer=400, mood=100, other=7) == {"answer": 400, "mood": 200, "other": 7}


def test_a_handful_is_not_learnt_by_heart() -> None:
    made = balanced(records(answer=10_000, mood=3), {"answer", "mood"}, 1.0, seed=1)
    assert Counter(record.task for record in made)["mood"] == 3 * MOST_COPIES


@given(
    sizes=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 60), min_size=1),
    balance=st.floats(0, 1),
)
def test_every_record_takes_part_and_copies_are_even(sizes: dict[str, int], balance: float) -> None:
    given_ = records(**sizes)
    made = balanced(given_, {"a", "b", "c"}, balance, seed=3)
    assert made == balanced(given_, {"a", "b", "c"}, balance, seed=3)
    times = Counter(record.id for record in made)
    assert times.keys() == {record.id for record in given_}
    for task, size in sizes.items():
        own = [times[f"{task}{i}"] for i in range(size)]
        assert max(own) - min(own) <= 1
        assert task != "d" or max(own) == 1
        if balance == 0:
            assert sum(own) == size


def test_one_task_alone() -> None:
    data = Dataset(tuple(records(answer=4, mood=2)), tuple(records(answer=1, mood=1)))
    alone = only_task(data, "mood")
    assert {record.task for record in (*alone.train, *alone.validation)} == {"mood"}


def test_a_task_without_records_is_named_beside_those_that_have_some() -> None:
    data = Dataset(tuple(records(answer=4, mood=2)), tuple(records(answer=1)))
    with pytest.raises(
        JobError, match=r"no record of the task 'mod' to train on.*answer 4, mood 2"
    ):
        only_task(data, "mod")
    with pytest.raises(JobError, match="to validate on"):
        only_task(data, "mood")
