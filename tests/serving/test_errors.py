"""What a client did wrong comes back in OpenAI's shape, with a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

USER = {"role": "user", "content": "?"}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": [USER]}, "model"),
        ({"model": "short"}, "messages"),
        ({"model": "short", "messages": []}, "messages"),
        ({"model": "short", "messages": [{"role": "robot", "content": "?"}]}, "messages.0.role"),
        ({"model": "short", "messages": [USER], "n": 2}, "n"),
        ({"model": "short", "messages": [USER], "tools": [{"type": "function"}]}, "tools"),
        ({"model": "short", "messages": "?"}, "messages"),
    ],
)
def test_a_bad_body_is_400(url: str, body: dict[str, Any], param: str) -> None:
    answer = httpx.post(f"{url}/v1/chat/completions", json=body)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert set(error) == {"message", "type", "param", "code"}


def test_no_json_is_400(url: str) -> None:
    answer = httpx.post(
        f"{url}/v1/chat/completions",
        content=b"{not json",
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert "not JSON" in answer.json()["error"]["message"]


def test_arguments_that_are_no_object_are_400(url: str) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "[1]"}}
    messages = [USER, {"role": "assistant", "content": None, "tool_calls": [call]}]
    body = {"model": "short", "messages": messages}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body)
    assert answer.status_code == 400
    assert "not a JSON object" in answer.json()["error"]["message"]


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_model_is_404_and_says_what_there_is(url: str, stream: bool) -> None:
    body = {"model": "gpt-4o-mini", "messages": [USER], "stream": stream}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body)
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert error["code"] == "model_not_found"
    assert "short, endless, broken" in error["message"]


def test_an_unknown_path_is_404_in_the_same_shape(url: str) -> None:
    answer = httpx.get(f"{url}/v1/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_health(url: str) -> None:
    answer = httpx.get(f"{url}/health")
    assert answer.json() == {"status": "ok", "models": ["short", "endless", "broken"]}


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("name", "content", "more"),
    [
        ("short", r"\ud800", ""),
        (r"\udc00", "?", ""),
        ("short", "?", r', "\ud800": 1'),
        ("short", r"\ud800", ', "stream": true'),
    ],
)
def test_half_a_character_is_400(url: str, name: str, content: str, more: str) -> None:
    """JSON may spell it, UTF-8 may not: it could be neither read nor quoted."""
    body = f'{{"model": "{name}", "messages": [{{"role": "user", "content": "{content}"}}]{more}}}'
    answer = httpx.post(f"{url}/v1/chat/completions", content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("the body: half of a surrogate pair")


def test_arguments_that_are_endlessly_deep_are_400(url: str) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "[" * 100_000}}
    messages = [USER, {"role": "assistant", "content": None, "tool_calls": [call]}]
    answer = httpx.post(f"{url}/v1/chat/completions", json={"model": "short", "messages": messages})
    assert answer.status_code == 400
    assert "a tool call cannot be read" in answer.json()["error"]["message"]


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_without_end_is_413_and_holds_up_nobody(url: str, announced: bool) -> None:
    long = b"a" * 100_000

    def pieces() -> Iterator[bytes]:
        yield b'{"model": "short", "messages": [{"role": "user", "content": "'
        for _ in range(200):
            yield long

    content = b"".join(pieces()) if announced else pieces()
    answer = httpx.post(f"{url}/v1/chat/completions", content=content, headers=JSON, timeout=20)
    assert answer.status_code == 413
    assert "the body is longer than 1,048,576 bytes" in answer.json()["error"]["message"]
    assert httpx.get(f"{url}/health", timeout=20).status_code == 200
