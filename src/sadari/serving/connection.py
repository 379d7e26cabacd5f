"""Work that stops when the client is gone: nobody pays for an answer that nobody reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import suppress
from typing import TypeVar, cast

from starlette.requests import Request

T = TypeVar("T")


class ClientGoneError(Exception):
    """The client closed the connection before the answer was finished."""


class Connection:
    """The client's end of a request whose body has been read. Leave it as a context manager."""

    def __init__(self, request: Request) -> None:
        self._gone = asyncio.create_task(_until_gone(request))

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops watching."""
        self._gone.cancel()

    async def wait_for(self, work: Awaitable[T]) -> T:
        """The result of `work`, which is cancelled, and has ended, when the client goes:
        `ClientGoneError` then."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task, self._gone}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise ClientGoneError
        finally:
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def close(stream: AsyncIterator[object]) -> None:
    """Closes a stream that is an asynchronous generator; others have nothing to close."""
    if isinstance(stream, AsyncGenerator):
        await cast("AsyncGenerator[object, None]", stream).aclose()


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
