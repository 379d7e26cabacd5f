"""Listening on a port until interrupted."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from sadari.serving.app import AssistantLike, create_app


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
