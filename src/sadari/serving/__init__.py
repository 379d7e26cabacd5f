"""Assistants over HTTP in OpenAI's protocol, so that any client of it works by changing its base
URL; every answer names the release that gave it, its citations and a trace id."""

from sadari.serving.app import AssistantLike, create_app
from sadari.serving.run import serve

__all__ = ["AssistantLike", "create_app", "serve"]
