"""OpenAI's chat protocol as JSON: what a request becomes, and what comes back in pieces."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sadari.llm.types import Request, Usage


def body(model: str, request: Request) -> dict[str, Any]:
    """The request as the body of POST /chat/completions, with the arguments of earlier tool calls
    as JSON text."""
    sampling = request.sampling
    messages = [message.as_openai() for message in request.messages]
    for message in messages:
        for call in message.get("tool_calls", ()):
            arguments = json.dumps(call["function"]["arguments"], ensure_ascii=False)
            call["function"]["arguments"] = arguments
    out: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
    }
    if sampling.top_p < 1:
        out["top_p"] = sampling.top_p
    if sampling.seed is not None:
        out["seed"] = sampling.seed
    if sampling.stop:
        out["stop"] = list(sampling.stop)
    if request.tools:
        out["tools"] = [dict(tool) for tool in request.tools]
    if request.response_format is not None:
        out["response_format"] = dict(request.response_format)
    if request.template_kwargs:
        out["chat_template_kwargs"] = dict(request.template_kwargs)
    return out


def usage(counted: Mapping[str, Any]) -> Usage:
    """The server's own count; zeros where it gives none."""
    return Usage(int(counted.get("prompt_tokens") or 0), int(counted.get("completion_tokens") or 0))


def gather(calls: dict[int, dict[str, str]], pieces: Sequence[Mapping[str, Any]]) -> None:
    """Adds streamed pieces of tool calls: name and id come first, arguments letter by letter."""
    for piece in pieces:
        call = calls.setdefault(piece.get("index") or 0, {"id": "", "name": "", "arguments": ""})
        function = piece.get("function") or {}
        call["id"] = piece.get("id") or call["id"]
        call["name"] = function.get("name") or call["name"]
        call["arguments"] += function.get("arguments") or ""


def digest(request_body: Mapping[str, Any]) -> str:
    """SHA-256 of the prompt's text: a remote model's token ids are not known."""
    prompt = {word: request_body[word] for word in ("messages", "tools") if word in request_body}
    text = json.dumps(prompt, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
