"""No body longer than a model could read: one request must not hold up all others."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sadari.serving import protocol

MOST_BYTES = 2**20
"""Of a request's body: more text than any context of a few hundred thousand tokens holds."""


class BodyLimit:
    """ASGI middleware: 413 in OpenAI's shape as soon as a body is longer than `most` bytes,
    whether it says so in its Content-Length or not."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = dict(scope["headers"]).get(b"content-length", b"")
        sentence = f"the body is longer than {self._most:,} bytes; send less of the conversation."
        if said.isdigit() and int(said[:20]) > self._most:
            content = protocol.refusal(sentence, "invalid_request_error")
            await JSONResponse(content, 413, {"Connection": "close"})(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most:
                raise HTTPException(413, sentence, {"Connection": "close"})
            return message

        await self._app(scope, counted, send)
