"""A small model in several processes answers as it does in one, whatever becomes of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import pytest

from sadari.domain.message import user
from sadari.llm import Completion, ModelSpec, Request, Sampling, open_model
from sadari.llm.local import LocalModel
from sadari.llm.parallel import ParallelModel

ASKED = [
    Request((user(f"{number}번 질문입니다. " * (1 + number % 3)),), sampling=Sampling(max_tokens=6))
    for number in range(17)
]


@pytest.fixture(scope="module")
def alone(tiny: Path) -> list[str]:
    """What one process answers."""
    return _texts(LocalModel(tiny))


@pytest.fixture
def parallel(tiny: Path) -> Iterator[ParallelModel]:
    model = open_model(ModelSpec(str(tiny)), workers=2)
    assert isinstance(model, ParallelModel)
    yield model
    model.close()


def _texts(model: LocalModel) -> list[str]:
    answers = asyncio.run(model.complete_all(ASKED))
    assert all(isinstance(answer, Completion) for answer in answers)
    return [answer.text for answer in answers if isinstance(answer, Completion)]


def test_two_processes_answer_like_one(parallel: ParallelModel, alone: list[str]) -> None:
    assert _texts(parallel) == alone
    assert len(set(alone)) > 1, "the answers must differ, or their order is not tested"


def test_a_process_that_was_killed_is_made_up_for(
    parallel: ParallelModel, alone: list[str]
) -> None:
    before = set(active_children())
    asyncio.run(parallel.complete_all(ASKED))
    (other,) = set(active_children()) - before
    other.kill()
    assert _texts(parallel) == alone
    assert _texts(parallel) == alone
