"""OpenAI's fine-tuning lines: messages with tool calls, `tools`, and a `weight` on answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from sadari.data.formats.chat import TurnRow
from sadari.data.formats.format import Content, Format, Row, RowError
from sadari.domain.message import Message
from sadari.domain.rows import complaints


def _read(row: Row) -> Content:
    tools = row.get("tools") or ()
    if not isinstance(tools, Sequence) or not all(isinstance(t, Mapping) for t in tools):
        raise RowError("tools is no list of objects")
    return Content(read_turns(row.get("messages"), "messages"), tools=tuple(tools))


def _write(content: Content) -> dict[str, Any]:
    row: dict[str, Any] = {"messages": [write_turn(message) for message in content.messages]}
    return {**row, "tools": list(content.tools)} if content.tools else row


def read_turns(value: Any, name: str) -> tuple[Message, ...]:
    """The messages of a list of OpenAI turns. Raises RowError, naming the member."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise RowError(f"{name} is no list of turns")
    return tuple(_read_turn(turn, f"{name}.{place}") for place, turn in enumerate(value))


def _read_turn(turn: Any, name: str) -> Message:
    if not isinstance(turn, Mapping):
        raise RowError(f"{name} is no object")
    plain = dict(turn)
    if plain.get("role") == "developer":
        plain["role"] = "system"
    if isinstance(plain.get("content"), list):
        plain["content"] = _text_of_parts(plain["content"], name)
    if plain.get("tool_calls") is None:
        plain.pop("tool_calls", None)
    try:
        message = TurnRow.model_validate(plain).message()
    except ValidationError as error:
        raise RowError(f"{name}.{complaints(error, TurnRow)[0][1].rstrip('.')}") from None
    weight = plain.get("weight")
    if weight in (0, 1) and message.role == "assistant":
        return replace(message, train=bool(weight))
    return message


def _text_of_parts(parts: Sequence[Any], name: str) -> str:
    texts = []
    for part in parts:
        if not isinstance(part, Mapping) or part.get("type") != "text":
            kind = part.get("type") if isinstance(part, Mapping) else type(part).__name__
            raise RowError(f"{name} holds {kind}, not text alone")
        texts.append(str(part.get("text", "")))
    return "".join(texts)


def write_turn(message: Message) -> dict[str, Any]:
    """One turn as OpenAI's files have it: arguments are a text, a weight says what is learned."""
    turn = message.as_openai()
    for call in turn.get("tool_calls", ()):
        arguments = call["function"]["arguments"]
        call["function"]["arguments"] = json.dumps(arguments, ensure_ascii=False)
    if message.tool_calls and not message.content:
        turn["content"] = None
    if message.train is not None:
        if message.role != "assistant":
            raise RowError(f"a turn of the {message.role} says whether it is learned")
        turn["weight"] = int(message.train)
    return turn


OPENAI = Format(
    "openai",
    (frozenset({"messages"}),),
    _read,
    _write,
    bare=True,
)
