"""Remote models, against sadari's own server and against servers that misbehave."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi import Request as HttpRequest
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from sadari.assistant import Assistant
from sadari.assistant.types import Prompt, Recipe
from sadari.domain.message import ToolCall, user
from sadari.llm import Completion, Failure, ModelError, Request, Sampling
from sadari.llm.local import LocalModel
from sadari.llm.remote import RemoteModel
from sadari.serving import create_app
from tests.served import running

QUESTION = Request((user("퍼지 시간은?"),), sampling=Sampling(12))
SECRET = "sk-do-not-show-me"


@pytest.fixture(scope="module")
def url(llama: LocalModel) -> Iterator[str]:
    recipe = Recipe("short", "tiny", Prompt("너는 조수다."), sampling=Sampling(12))
    with running(create_app({"short": Assistant(recipe, llama, release="r1")})) as base:
        yield f"{base}/v1"


@pytest.fixture(scope="module")
def llama(folders: dict[str, Path]) -> Iterator[LocalModel]:
    model = LocalModel(folders["llama"])
    yield model
    model.close()


def good(text: str = "네.") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


Respond = Callable[[int, HttpRequest], Response]


class Server:
    """Answers the n-th request as it is told to, and remembers what it was sent."""

    def __init__(self, respond: Respond) -> None:
        self.app = FastAPI()
        self.times: list[float] = []
        self.bodies: list[Any] = []
        self.keys: list[str | None] = []

        @self.app.post("/v1/chat/completions")
        async def chat(request: HttpRequest) -> Response:
            self.times.append(time.perf_counter())
            self.bodies.append(await request.json())
            self.keys.append(request.headers.get("authorization"))
            return respond(len(self.times), request)


def ask(respond: Respond, request: Request = QUESTION, **options: Any) -> tuple[Completion, Server]:
    server = Server(respond)
    with running(server.app) as base:
        model = RemoteModel("m", f"{base}/v1", pause_seconds=0.01, **options)
        return asyncio.run(model.complete(request)), server


def test_it_speaks_with_sadari(url: str) -> None:
    model = RemoteModel("short", url)
    done = asyncio.run(model.complete(QUESTION))
    assert done.text
    assert done.usage.completion_tokens > 0
    assert done.seconds > 0
    assert len(done.prompt_digest) == 64
    assert model.info.remote
    assert model.info.digest is None


def test_it_streams_from_sadari(url: str) -> None:
    model = RemoteModel("short", url)

    async def pieces() -> list[Any]:
        return [delta async for delta in model.stream(QUESTION)]

    deltas = asyncio.run(pieces())
    done = asyncio.run(model.complete(QUESTION))
    assert "".join(delta.text for delta in deltas).strip() == done.text.strip()
    assert deltas[-1].finish_reason == done.finish_reason
    assert deltas[-1].usage == done.usage
    assert len(deltas) > 3


def test_all_answers_come_in_order(url: str) -> None:
    model = RemoteModel("short", url)
    requests = [Request((user(f"{k}번은?"),), sampling=Sampling(12)) for k in range(20)]
    requests[7] = Request((user("?"),), adapter="/somewhere")
    answers = asyncio.run(model.complete_all(requests))
    assert isinstance(answers[7], Failure)
    alone = asyncio.run(model.complete(requests[13]))
    assert isinstance(answers[13], Completion)
    assert answers[13].text == alone.text


def test_an_unknown_model_is_a_sentence(url: str) -> None:
    with pytest.raises(ModelError, match=r"is not there \(404\).*this server has: short"):
        asyncio.run(RemoteModel("gpt-4o", url).complete(QUESTION))


def test_the_url_without_v1_is_a_sentence(url: str) -> None:
    with pytest.raises(ModelError, match="the URL ends in /v1"):
        asyncio.run(RemoteModel("short", url.removesuffix("/v1")).complete(QUESTION))


def test_nobody_there_is_a_sentence() -> None:
    model = RemoteModel("m", "http://127.0.0.1:9/v1", retries=1, pause_seconds=0.01)
    with pytest.raises(ModelError, match="cannot be reached"):
        asyncio.run(model.complete(QUESTION))
    assert isinstance(asyncio.run(model.complete_all([QUESTION]))[0], Failure)


def test_busy_servers_are_asked_again_when_they_say() -> None:
    def respond(count: int, _: HttpRequest) -> Response:
        if count == 1:
            return JSONResponse({}, 429, {"Retry-After": "0.4"})
        return JSONResponse({}, 503) if count == 2 else JSONResponse(good())

    done, server = ask(respond)
    assert done.text == "네."
    assert len(server.times) == 3
    assert server.times[1] - server.times[0] >= 0.4


def test_a_server_that_stays_busy_is_a_sentence() -> None:
    with pytest.raises(ModelError, match=r"too busy after 3 attempts \(429\): slow down"):
        ask(lambda *_: JSONResponse({"error": {"message": "slow down"}}, 429), retries=2)


def test_bad_requests_are_not_repeated() -> None:
    seen = []

    def respond(count: int, _: HttpRequest) -> Response:
        seen.append(count)
        return JSONResponse({"error": {"message": "too long"}}, 400)

    with pytest.raises(ModelError, match="answered 400: too long"):
        ask(respond)
    assert seen == [1]


def test_the_key_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SADARI_TEST_KEY", SECRET)
    _, server = ask(lambda *_: JSONResponse(good()), key_env="SADARI_TEST_KEY")
    assert server.keys == [f"Bearer {SECRET}"]
    assert SECRET not in repr(RemoteModel("m", "http://x/v1", key_env="SADARI_TEST_KEY"))
    for status in (400, 401, 404):
        with pytest.raises(ModelError) as caught:
            ask(
                lambda *_, status=status: JSONResponse({"error": f"bad key {SECRET}"}, status),
                key_env="SADARI_TEST_KEY",
            )
        assert SECRET not in str(caught.value)


def test_a_missing_key_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SADARI_TEST_KEY", raising=False)
    with pytest.raises(ModelError, match="SADARI_TEST_KEY is not set"):
        ask(lambda *_: JSONResponse(good()), key_env="SADARI_TEST_KEY")


def test_a_refused_key_is_a_sentence() -> None:
    with pytest.raises(ModelError, match=r"refuses asking without a key \(401\)"):
        ask(lambda *_: JSONResponse({}, 401))


@pytest.mark.parametrize(
    "answer", [PlainTextResponse("<html>"), JSONResponse([]), JSONResponse({"choices": []})]
)
def test_another_protocol_is_a_sentence(answer: Response) -> None:
    with pytest.raises(ModelError, match="does not speak OpenAI's protocol"):
        ask(lambda *_: answer)


def test_silence_is_a_sentence() -> None:
    async def never() -> Any:
        await asyncio.sleep(5)
        yield b""

    with pytest.raises(ModelError, match="did not answer in time"):
        ask(lambda *_: StreamingResponse(never()), timeout_seconds=0.3, retries=0)


def test_everything_in_a_request_is_sent() -> None:
    schema = {"name": "order", "strict": True, "schema": {"type": "object"}}
    form = {"type": "json_schema", "json_schema": schema}
    request = Request(
        (user("?"),),
        tools=({"type": "function", "function": {"name": "f"}},),
        response_format=form,
        sampling=Sampling(7, 0.5, 0.9, 3, ("끝",)),
        template_kwargs={"enable_thinking": False},
    )
    _, server = ask(lambda *_: JSONResponse(good()), request)
    body = server.bodies[0]
    assert body["tools"] == [{"type": "function", "function": {"name": "f"}}]
    assert body["response_format"] == form, "passed on as it is"
    wanted = {"max_tokens": 7, "temperature": 0.5, "top_p": 0.9, "seed": 3, "stop": ["끝"]}
    assert wanted.items() <= body.items()
    assert body["chat_template_kwargs"] == {"enable_thinking": False}


def test_tool_calls_come_back_whole_and_streamed() -> None:
    called = {"name": "look", "arguments": '{"id": 7}'}
    whole = good("")
    whole["choices"][0]["message"]["tool_calls"] = [{"id": "c1", "function": called}]
    done, _ = ask(lambda *_: JSONResponse(whole))
    assert done.tool_calls == (ToolCall("look", {"id": 7}, "c1"),)

    def piece(**call: Any) -> str:
        part = {"choices": [{"delta": {"tool_calls": [{"index": 0, **call}]}}]}
        return f"data: {json.dumps(part)}\n\n"

    events = [
        piece(id="c1", function={"name": "look", "arguments": ""}),
        piece(function={"arguments": '{"id"'}),
        piece(function={"arguments": ": 7}"}),
        "data: [DONE]\n\n",
    ]
    server = Server(lambda *_: StreamingResponse(iter(events)))

    async def last(model: RemoteModel) -> Any:
        return [delta async for delta in model.stream(QUESTION)][-1]

    with running(server.app) as base:
        delta = asyncio.run(last(RemoteModel("m", f"{base}/v1")))
    assert delta.tool_calls == done.tool_calls


def test_no_more_than_a_few_at_once() -> None:
    now, most = 0, 0
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def chat() -> dict[str, Any]:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        await asyncio.sleep(0.02)
        now -= 1
        return good()

    with running(app) as base:
        asyncio.run(RemoteModel("m", f"{base}/v1").complete_all([QUESTION] * 40))
    assert most == 8


def test_a_closed_stream_closes_the_connection() -> None:
    gone = False

    async def endless() -> Any:
        nonlocal gone
        try:
            while True:
                yield 'data: {"choices": [{"delta": {"content": "가"}}]}\n\n'
                await asyncio.sleep(0.01)
        finally:
            gone = True

    async def a_little(model: RemoteModel) -> None:
        stream = model.stream(QUESTION)
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]

    server = Server(lambda *_: StreamingResponse(endless()))
    with running(server.app) as base:
        asyncio.run(a_little(RemoteModel("m", f"{base}/v1")))
        deadline = time.perf_counter() + 1
        while not gone and time.perf_counter() < deadline:
            time.sleep(0.01)
        assert gone
