"""The official client works by changing its base URL, in both modes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import openai
import pytest

from sadari.domain.message import system, user
from sadari.llm.local import LocalModel
from sadari.llm.types import Request, Sampling

TALK = [{"role": "user", "content": "퍼지 시간은?"}]


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


def said(model: LocalModel) -> str:
    request = Request((system("너는 조수다."), user("퍼지 시간은?")), sampling=Sampling(12))
    return asyncio.run(model.complete(request)).text.strip()


def test_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["short", "endless", "broken"]
    assert client.models.retrieve("short").owned_by == "sadari"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")


def test_whole(client: openai.OpenAI, model: LocalModel) -> None:
    answer = client.chat.completions.create(model="short", messages=TALK, temperature=0.7)  # type: ignore[arg-type]
    assert answer.choices[0].message.content == said(model)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 12
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 12
    extra = answer.model_extra["sadari"]  # type: ignore[index]
    assert extra["release"] == "release-of-short"
    assert extra["citations"] == []
    assert extra["ignored"] == ["temperature"]
    assert answer.id == f"chatcmpl-{extra['trace_id']}"


def test_streamed(client: openai.OpenAI, model: LocalModel) -> None:
    chunks = list(
        client.chat.completions.create(
            model="short",
            messages=TALK,  # type: ignore[arg-type]
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.strip() == said(model)
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "length"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 12
    assert {chunk.model_extra["sadari"]["release"] for chunk in chunks} == {"release-of-short"}  # type: ignore[index]
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_stream_ends_with_done(url: str) -> None:
    body = {"model": "short", "messages": TALK, "stream": True}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=30)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.endswith("data: [DONE]\n\n")
    assert "usage" not in answer.text


def test_parts_and_developers_are_understood(client: openai.OpenAI, model: LocalModel) -> None:
    parts = [
        {"type": "text", "text": "퍼지 "},
        {"type": "text", "text": "시간은?"},
    ]
    answer = client.chat.completions.create(
        model="short",
        messages=[{"role": "user", "content": parts}],  # type: ignore[list-item, misc]
    )
    assert answer.choices[0].message.content == said(model)


def test_a_broken_model_is_a_server_error(client: openai.OpenAI) -> None:
    """The sentence that names the folder goes to the log, not to the client."""
    with pytest.raises(openai.InternalServerError, match="the log says why") as caught:
        client.chat.completions.create(model="broken", messages=TALK)  # type: ignore[arg-type]
    assert "/gone" not in str(caught.value)
    with pytest.raises(openai.InternalServerError, match="the log says why"):
        client.chat.completions.create(model="broken", messages=TALK, stream=True)  # type: ignore[arg-type]


def test_a_prompt_that_is_too_long_is_the_clients_error(client: openai.OpenAI) -> None:
    long = [{"role": "user", "content": "가" * 9000}]
    with pytest.raises(openai.BadRequestError, match="longer than"):
        client.chat.completions.create(model="short", messages=long)  # type: ignore[arg-type]
