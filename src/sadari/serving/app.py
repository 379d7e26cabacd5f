"""The HTTP application: /v1/models, /v1/chat/completions and /health over named assistants."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from sadari.assistant.types import Answer, AssistantError
from sadari.domain.message import Message
from sadari.llm.types import Delta, FormatError
from sadari.serving import protocol
from sadari.serving.connection import ClientGoneError, Connection, close
from sadari.serving.limit import BodyLimit
from sadari.text import SadariError

Form = Mapping[str, Any]

_log = logging.getLogger("sadari.serving")
_NOBODY_READS = Response(status_code=499)


class AssistantLike(Protocol):
    """What can be served. `release` is the digest of what answers."""

    @property
    def name(self) -> str: ...

    @property
    def release(self) -> str: ...

    async def answer(
        self, messages: tuple[Message, ...], response_format: Form | None, /
    ) -> Answer: ...

    def stream(
        self, messages: tuple[Message, ...], response_format: Form | None, /
    ) -> AsyncIterator[Delta]: ...


def create_app(assistants: Mapping[str, AssistantLike]) -> FastAPI:
    """The application over these assistants; the mapping's keys are the models' names.

    A client that goes away ends the generation. Bad requests are 400, unknown models 404, bodies
    that are too long 413, a model that fails 503, all in OpenAI's error shape."""
    app = FastAPI(title="sadari", docs_url=None, redoc_url=None)
    app.add_middleware(BodyLimit)
    started = int(time.time())

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {"status": "ok", "models": list(assistants)}

    @app.get("/v1/models")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [_model(name, one) for name, one in assistants.items()]}

    @app.get("/v1/models/{name:path}")
    def model(name: str) -> Response:
        if name not in assistants:
            return _unknown(name, assistants)
        return JSONResponse(_model(name, assistants[name]))

    def _model(name: str, assistant: AssistantLike) -> dict[str, Any]:
        return {
            "id": name,
            "object": "model",
            "created": started,
            "owned_by": "sadari",
            "sadari": {"release": assistant.release},
        }

    @app.post("/v1/chat/completions")
    async def chat(body: protocol.ChatRequest, request: Request) -> Response:
        if body.model not in assistants:
            return _unknown(body.model, assistants)
        try:
            messages = tuple(message.as_message() for message in body.messages)
        except (ValueError, RecursionError) as error:
            return _bad(f"a tool call cannot be read: {error}", "messages")
        if body.ignored() and "tools" in body.ignored():
            return _bad("this assistant uses its own tools; send none.", "tools")
        return await _Chat(body, assistants[body.model], messages).respond(request)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = [str(part) for part in first["loc"] if part != "body"]
        if first["type"] == "json_invalid":
            return _bad(f"the body is not JSON: {first['ctx']['error']}", None)
        said = first["msg"].removeprefix("Value error, ")
        return _bad(f"{'.'.join(place) or 'the body'}: {said}", ".".join(place) or None)

    @app.exception_handler(HTTPException)
    async def elsewhere(request: Request, error: HTTPException) -> Response:
        message = f"{request.method} {request.url.path}: {error.detail}"
        content = protocol.refusal(message, "invalid_request_error")
        return JSONResponse(content, error.status_code)

    return app


class _Chat:
    """One request for an answer."""

    def __init__(
        self, body: protocol.ChatRequest, assistant: AssistantLike, messages: tuple[Message, ...]
    ) -> None:
        self._body = body
        self._assistant = assistant
        self._messages = messages
        self._form = body.response_format.as_sent() if body.response_format else None
        self._trace = uuid.uuid4().hex
        self._head = {
            "id": f"chatcmpl-{self._trace}",
            "created": int(time.time()),
            "model": body.model,
        }
        self._sadari: dict[str, Any] = {"release": assistant.release, "trace_id": self._trace}
        if ignored := body.ignored():
            self._sadari["ignored"] = ignored

    async def respond(self, request: Request) -> Response:
        connection = Connection(request)
        try:
            if self._body.stream:
                return await self._stream(connection)
            async with connection:
                answer = await connection.wait_for(
                    self._assistant.answer(self._messages, self._form)
                )
        except ClientGoneError:
            return _NOBODY_READS
        except SadariError as error:
            return self._failed(error)
        sadari = {
            **self._sadari,
            "citations": [asdict(citation) for citation in answer.citations],
        }
        return JSONResponse(
            protocol.completion(answer, self._head, sadari), headers={"X-Trace-Id": self._trace}
        )

    async def _stream(self, connection: Connection) -> Response:
        """The first piece is waited for before the status is sent, so that a request which cannot
        be answered still gets an error and not an empty stream."""
        deltas = self._assistant.stream(self._messages, self._form)
        try:
            first = await connection.wait_for(anext(deltas, None))
        except BaseException:
            connection.close()
            await close(deltas)
            raise
        return StreamingResponse(
            self._events(connection, first, deltas),
            media_type="text/event-stream",
            headers={"X-Trace-Id": self._trace, "Cache-Control": "no-cache"},
        )

    async def _events(
        self, connection: Connection, first: Delta | None, deltas: AsyncIterator[Delta]
    ) -> AsyncIterator[str]:
        try:
            yield self._chunk({"role": "assistant", "content": ""})
            delta, last = first, Delta()
            while delta is not None:
                last = delta
                if delta.text:
                    yield self._chunk({"content": delta.text})
                if delta.tool_calls:
                    yield self._chunk(protocol.calls_delta(delta.tool_calls))
                delta = await connection.wait_for(anext(deltas, None))
            yield self._chunk({}, last.finish_reason or "stop")
            options = self._body.stream_options
            if last.usage is not None and options is not None and options.include_usage:
                usage = {**protocol.chunk(self._head, {}, None, self._sadari), "choices": []}
                yield protocol.event({**usage, "usage": protocol.counted(last.usage)})
            yield "data: [DONE]\n\n"
        except ClientGoneError:
            return
        except SadariError as error:
            _log.warning("%s: %s", self._trace, error)
            yield protocol.event(_model_failed(self._trace))
        finally:
            connection.close()
            await close(deltas)

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> str:
        return protocol.event(protocol.chunk(self._head, delta, finish_reason, self._sadari))

    def _failed(self, error: SadariError) -> Response:
        """What the assistant refuses is the client's to mend, and said; what failed behind it is
        the operator's: it may name files and addresses, so it goes to the log."""
        headers = {"X-Trace-Id": self._trace}
        if isinstance(error, AssistantError | FormatError):
            content = protocol.refusal(str(error), "invalid_request_error")
            return JSONResponse(content, 400, headers)
        _log.warning("%s: %s", self._trace, error)
        return JSONResponse(_model_failed(self._trace), 503, headers)


def _model_failed(trace: str) -> dict[str, Any]:
    message = f"the model behind this assistant failed; the log says why under {trace}."
    return protocol.refusal(message, "server_error", code="model_failed")


def _unknown(name: str, assistants: Mapping[str, AssistantLike]) -> Response:
    there = ", ".join(assistants) or "none"
    message = f"the model {name} does not exist; this server has: {there}."
    content = protocol.refusal(message, "invalid_request_error", "model", "model_not_found")
    return JSONResponse(content, 404)


def _bad(message: str, param: str | None) -> Response:
    return JSONResponse(protocol.refusal(message, "invalid_request_error", param), 400)
