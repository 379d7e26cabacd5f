"""OpenAI's `response_format` through the official client: the form is kept, whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

TALK = [{"role": "user", "content": "주문할게요."}]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"dinner": {"enum": ["french", None]}, "count": {"enum": [1, 2, 3]}},
    "required": ["dinner", "count"],
    "additionalProperties": False,
}
FORM = {"type": "json_schema", "json_schema": {"name": "order", "strict": True, "schema": SCHEMA}}


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


def is_order(text: str) -> bool:
    found = json.loads(text)
    return (
        list(found) == ["dinner", "count"]
        and found["dinner"] in ("french", None)
        and found["count"] in (1, 2, 3)
    )


def test_a_model_that_never_ends_ends_with_the_object(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="endless",
        messages=TALK,  # type: ignore[arg-type]
        response_format=FORM,  # type: ignore[arg-type]
    )
    assert answer.choices[0].finish_reason == "stop"
    assert is_order(answer.choices[0].message.content or "")
    extra = answer.model_extra["sadari"]  # type: ignore[index]
    assert "ignored" not in extra


def test_streamed(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="endless",
            messages=TALK,  # type: ignore[arg-type]
            response_format=FORM,  # type: ignore[arg-type]
            stream=True,
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert is_order(text)
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_what_does_not_fit_says_that_it_was_cut_off(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="short",
        messages=TALK,  # type: ignore[arg-type]
        response_format={"type": "json_object"},
    )
    said = answer.choices[0].message.content or ""
    assert said.startswith("{")
    assert answer.choices[0].finish_reason == "length" or isinstance(json.loads(said), dict)


def test_text_is_what_it_was(client: openai.OpenAI) -> None:
    plain = client.chat.completions.create(model="short", messages=TALK)  # type: ignore[arg-type]
    text = client.chat.completions.create(
        model="short",
        messages=TALK,  # type: ignore[arg-type]
        response_format={"type": "text"},
    )
    assert text.choices[0].message.content == plain.choices[0].message.content


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"type": "xml"}, "response_format.type"),
        ({"type": "json_schema"}, "json_schema goes with"),
        ({"type": "json_object", "json_schema": {"name": "x", "schema": {}}}, "json_schema goes"),
        ({"type": "json_schema", "json_schema": {"name": "x"}}, "response_format.json_schema"),
        (
            {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "banana"}}},
            "cannot be followed",
        ),
        ("json", "response_format"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_form_that_cannot_be_kept_is_400(url: str, form: Any, said: str, stream: bool) -> None:
    body = {"model": "short", "messages": TALK, "response_format": form, "stream": stream}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert said in error["message"]
    assert error["type"] == "invalid_request_error"


def test_a_null_in_the_schema_is_kept(url: str) -> None:
    """`const: null` is a demand, not a field left out."""
    schema = {"type": "object", "properties": {"x": {"const": None}}, "required": ["x"]}
    closed = {**schema, "additionalProperties": False}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": closed}}
    body = {"model": "endless", "messages": TALK, "response_format": form}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60).json()
    assert json.loads(answer["choices"][0]["message"]["content"]) == {"x": None}


@pytest.mark.parametrize("levels", [150, 400, 20_000])
def test_a_schema_without_end_is_400(url: str, levels: int) -> None:
    """Whichever layer gives up first, and the server goes on."""
    schema = '{"anyOf": [' * levels + "{}" + "]}" * levels
    form = f'{{"type": "json_schema", "json_schema": {{"name": "x", "schema": {schema}}}}}'
    talk = '[{"role": "user", "content": "?"}]'
    body = f'{{"model": "short", "messages": {talk}, "response_format": {form}}}'
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{url}/v1/chat/completions", content=body, headers=headers, timeout=60)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert httpx.get(f"{url}/health").status_code == 200
