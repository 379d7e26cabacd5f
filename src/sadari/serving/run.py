"""Listening on a port until interrupted."""

from __future__ import annotations

import copy
import socket
from collections.abc import Mapping

from sadari.serving.app import AssistantLike, create_app
from sadari.text import SadariError


class ServeError(SadariError):
    """A server that cannot start."""


def check_free(host: str, port: int) -> None:
    """Raises ServeError where nothing can listen on the port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        raise ServeError(
            f"nothing can listen here: {error.strerror}.",
            where=f"{host}:{port}",
            todo="Name another with --port.",
        ) from error


def serve(
    assistants: Mapping[str, AssistantLike], host: str = "127.0.0.1", port: int = 8000
) -> None:
    """Serves the assistants; returns after Ctrl-C. Everything that uvicorn says goes to stderr."""
    import uvicorn
    from uvicorn.config import LOGGING_CONFIG

    logging = copy.deepcopy(LOGGING_CONFIG)
    logging["handlers"]["access"]["stream"] = "ext://sys.stderr"
    uvicorn.run(
        create_app(assistants),
        host=host,
        port=port,
        log_config=logging,
        timeout_graceful_shutdown=5,
    )
