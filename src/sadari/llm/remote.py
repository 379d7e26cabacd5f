"""A model behind any OpenAI-compatible endpoint: Ollama, vLLM, TGI, OpenAI, Groq, or sadari."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from sadari.domain.message import Message, ToolCall
from sadari.llm import wire
from sadari.llm.reply import parse
from sadari.llm.types import (
    Completion,
    Delta,
    Failure,
    ModelError,
    ModelInfo,
    Price,
    Request,
    Usage,
)

_RETRIED = {408, 409, 425, 429, 500, 502, 503, 504, 529}
_AT_ONCE = 8
_LONGEST_WAIT_SECONDS = 30.0


class RemoteModel:
    """Asks `{url}/chat/completions`. The key is read from the environment variable `key_env` at
    each call, and appears in no error, log or repr.

    Busy and broken answers (429, 5xx, connection lost) are asked again up to `retries` times, after
    the server's Retry-After or a growing pause."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        key_env: str | None = None,
        price: Price | None = None,
        context_length: int = 32_768,
        timeout_seconds: float = 120.0,
        retries: int = 4,
        pause_seconds: float = 0.5,
    ) -> None:
        self._url = url.rstrip("/")
        self._key_env = key_env
        self._timeout = httpx.Timeout(timeout_seconds, connect=min(10.0, timeout_seconds))
        self._retries = retries
        self._pause = pause_seconds
        self._info = ModelInfo(name, context_length, remote=True, price=price, endpoint=self._url)

    @property
    def info(self) -> ModelInfo:
        return self._info

    def __repr__(self) -> str:
        return f"RemoteModel({self._info.name!r}, {self._url!r})"

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """An upper estimate: no tokenizer in use writes more than one token per UTF-8 byte."""
        return sum(len(message.content.encode()) + 8 for message in messages) + 8

    async def complete(self, request: Request) -> Completion:
        """Raises `ModelError`. Cancelling the task closes the connection, which tells the server
        that nobody waits any more."""
        async with self._client() as client:
            return await self._complete(client, request)

    async def complete_all(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def ask(client: httpx.AsyncClient, request: Request) -> Completion | Failure:
            async with gate:
                try:
                    return await self._complete(client, request)
                except ModelError as error:
                    return Failure(str(error))

        async with self._client() as client:
            return list(await asyncio.gather(*(ask(client, request) for request in requests)))

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Closing the iterator closes the connection."""
        body = self._body(request) | {"stream": True, "stream_options": {"include_usage": True}}
        reason, usage = "stop", Usage()
        calls: dict[int, dict[str, str]] = {}
        async with self._client() as client, self._answering(client, body) as response:
            try:
                async for chunk in self._events(response):
                    if chunk.get("usage"):
                        usage = wire.usage(chunk["usage"])
                    for choice in chunk.get("choices") or []:
                        reason = choice.get("finish_reason") or reason
                        delta = choice.get("delta") or {}
                        wire.gather(calls, delta.get("tool_calls") or [])
                        if delta.get("content"):
                            yield Delta(delta["content"])
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error
        tool_calls = tuple(self._call(call) for _, call in sorted(calls.items()))
        yield Delta(finish_reason=reason, usage=usage, tool_calls=tool_calls)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=self._timeout)

    async def _complete(self, client: httpx.AsyncClient, request: Request) -> Completion:
        body = self._body(request)
        begin = time.perf_counter()
        async with self._answering(client, body) as response:
            try:
                await response.aread()
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error
            answer = self._json(response)
        seconds = time.perf_counter() - begin
        try:
            choice = answer["choices"][0]
            message = choice["message"]
            calls = tuple(
                self._call({"id": call.get("id") or "", **call["function"]})
                for call in message.get("tool_calls") or []
            )
            content = message.get("content") or ""
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise self._strange("its answer has no choices[0].message") from error
        reply = parse(content)
        tool_calls = calls or reply.tool_calls
        return Completion(
            text=reply.text,
            finish_reason=choice.get("finish_reason") or "stop",
            usage=wire.usage(answer.get("usage") or {}),
            tool_calls=tool_calls,
            reasoning=str(message.get("reasoning_content") or reply.reasoning),
            seconds=seconds,
            prompt_digest=wire.digest(body),
        )

    def _body(self, request: Request) -> dict[str, Any]:
        if request.adapter is not None:
            raise ModelError(
                f"{self._info.name} is a remote model; the adapter {request.adapter} lies here.",
                todo="Serve the adapter there and name it as the model.",
            )
        return wire.body(self._info.name, request)

    def _headers(self) -> dict[str, str]:
        if self._key_env is None:
            return {}
        key = os.environ.get(self._key_env)
        if not key:
            raise ModelError(
                f"the environment variable {self._key_env} is not set.",
                todo=f"Put the key for {self._url} into it.",
            )
        return {"Authorization": f"Bearer {key}"}

    @asynccontextmanager
    async def _answering(
        self, client: httpx.AsyncClient, body: Mapping[str, Any]
    ) -> AsyncIterator[httpx.Response]:
        """A response with status 200, its body still unread."""
        headers = self._headers()
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            wait = self._pause * 2**attempt * random.uniform(0.8, 1.2)
            message = client.build_request(
                "POST", f"{self._url}/chat/completions", json=body, headers=headers
            )
            try:
                response = await client.send(message, stream=True)
            except httpx.InvalidURL as error:
                raise ModelError(f"{self._url} is not a URL: {error}") from error
            except httpx.HTTPError as error:
                if last:
                    raise self._unreachable(error) from error
            else:
                try:
                    if response.status_code == 200:
                        yield response
                        return
                    await response.aread()
                    if last or response.status_code not in _RETRIED:
                        raise self._refused(response)
                    wait = _retry_after(response) or wait
                finally:
                    await response.aclose()
            await asyncio.sleep(min(wait, _LONGEST_WAIT_SECONDS))

    async def _events(self, response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
        """The JSON of each server-sent event, up to [DONE]."""
        async for line in response.aiter_lines():
            if not line.startswith("data:"):
                continue
            data = line[5:].strip()
            if data == "[DONE]":
                return
            try:
                chunk = json.loads(data)
            except ValueError as error:
                raise self._strange("a streamed line is not JSON") from error
            if "error" in chunk:
                raise ModelError(f"{self._where()} failed while answering: {_said(chunk)}")
            yield chunk

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        try:
            answer = response.json()
        except ValueError as error:
            raise self._strange("its answer is not JSON") from error
        if not isinstance(answer, dict):
            raise self._strange("its answer is not a JSON object")
        return answer

    def _call(self, call: Mapping[str, str]) -> ToolCall:
        arguments = call.get("arguments") or "{}"
        try:
            parsed = json.loads(arguments) if isinstance(arguments, str) else arguments
            return ToolCall(call["name"], dict(parsed), id=call.get("id", ""))
        except (ValueError, TypeError, KeyError) as error:
            raise self._strange("a tool call has no name or arguments that are not JSON") from error

    def _where(self) -> str:
        return f"the model {self._info.name} at {self._url}"

    def _strange(self, what: str) -> ModelError:
        return ModelError(
            f"{self._where()} does not speak OpenAI's protocol: {what}.",
            todo="Give the endpoint's base URL, usually ending in /v1.",
        )

    def _unreachable(self, error: httpx.HTTPError) -> ModelError:
        kind = (
            "did not answer in time"
            if isinstance(error, httpx.TimeoutException)
            else ("cannot be reached")
        )
        return ModelError(
            f"{self._where()} {kind} ({type(error).__name__}).",
            todo="Check that the server runs and the URL is right.",
        )

    def _refused(self, response: httpx.Response) -> ModelError:
        status = response.status_code
        try:
            said = _said(response.json())
        except ValueError:
            said = response.text[:200].strip()
        if self._key_env and (key := os.environ.get(self._key_env)):
            said = said.replace(key, "…")  # some servers quote what they were sent
        if status in (401, 403):
            source = f"the key in {self._key_env}" if self._key_env else "asking without a key"
            return ModelError(
                f"{self._where()} refuses {source} ({status}).",
                todo="Set key_env to the environment variable that holds a valid key.",
            )
        if status == 404:
            return ModelError(
                f"{self._where()} is not there (404): {said}",
                todo="Check the model's name and that the URL ends in /v1.",
            )
        if status == 429:
            return ModelError(
                f"{self._where()} is still too busy after {self._retries + 1} attempts (429): "
                f"{said}",
                todo="Wait, or raise the account's limit.",
            )
        return ModelError(f"{self._where()} answered {status}: {said}")


def _said(answer: Any) -> str:
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    text = error.get("message", error) if isinstance(error, dict) else error
    return str(text)[:300]


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server asks to wait; a date, which few send, is left to the own pause."""
    try:
        return max(0.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None
