"""Scores that are kept: an exam goes on where it stopped, and is asked again where it must be."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from sadari.assistant import Assistant, Prompt, Recipe, bundle
from sadari.domain import Document, Key, Question
from sadari.domain.message import user
from sadari.evaluation import Score, evaluate
from sadari.llm.remote import RemoteModel
from tests.served import running

QUESTIONS = tuple(
    Question(f"q{n}", f"q{n}", (user(f"{n}번 규정은?"),), "answer", Key(must=(("7일",),)), "test",
             evidence=("rules",))
    for n in range(3)
)  # fmt: skip
RULES = Document("rules", "규정", "반납 기한은 7일이다.", "rules.md")


class Endpoint:
    """A server that refuses while it is `down`, and counts what it was asked."""

    def __init__(self) -> None:
        self.app, self.down, self.asked = FastAPI(), False, 0

        @self.app.post("/v1/chat/completions")
        async def answer() -> Any:
            self.asked += 1
            if self.down:
                return JSONResponse({"error": {"message": "closed"}}, 400)
            message = {"role": "assistant", "content": "기한은 7일입니다."}
            return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def take(url: str, kept: Path, document: Document = RULES) -> tuple[Score, ...]:
    model = RemoteModel("far", f"{url}/v1", retries=0)
    recipe = Recipe("prompt", "far", Prompt("짧게 답하세요."))
    assistant = Assistant(recipe, model, release=bundle(recipe, model.info).digest)
    return asyncio.run(evaluate(assistant, QUESTIONS, {document.id: document}, kept=kept))


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


def test_what_was_scored_is_not_asked_again(endpoint: Endpoint, tmp_path: Path) -> None:
    with running(endpoint.app) as url:
        first = take(url, tmp_path)
        assert [score.right for score in first] == [True] * 3
        assert take(url, tmp_path) == first
    assert endpoint.asked == 3


def test_an_outage_is_not_remembered(endpoint: Endpoint, tmp_path: Path) -> None:
    with running(endpoint.app) as url:
        endpoint.down = True
        assert [score.right for score in take(url, tmp_path)] == [None] * 3
        endpoint.down = False
        assert [score.right for score in take(url, tmp_path)] == [True] * 3


def test_another_endpoint_is_another_model(endpoint: Endpoint, tmp_path: Path) -> None:
    with running(endpoint.app) as one, running(endpoint.app) as other:
        take(one, tmp_path)
        take(other, tmp_path)
    assert endpoint.asked == 6


def test_a_remote_model_is_trusted_for_a_day(endpoint: Endpoint, tmp_path: Path) -> None:
    with running(endpoint.app) as url:
        take(url, tmp_path)
        (kept,) = tmp_path.iterdir()
        yesterday = time.time() - 25 * 3600
        os.utime(kept, (yesterday, yesterday))
        take(url, tmp_path)
    assert endpoint.asked == 6


def test_edited_evidence_is_scored_anew(endpoint: Endpoint, tmp_path: Path) -> None:
    with running(endpoint.app) as url:
        take(url, tmp_path)
        take(url, tmp_path, replace(RULES, text="반납 기한은 14일이다."))
    assert endpoint.asked == 6
