"""ShareGPT's conversations: turns with `from` and `value`, a system text, tools."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sadari.data.formats.format import Content, Format, Row, RowError
from sadari.domain.files import parse_json
from sadari.domain.message import Message, Role, ToolCall, system

_ROLES: dict[str, Role] = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "system": "system",
    "observation": "tool",
    "tool": "tool",
}
_NAMES: dict[Role, str] = {
    "user": "human",
    "assistant": "gpt",
    "system": "system",
    "tool": "observation",
}


def _read(row: Row) -> Content:
    turns = row.get("conversations")
    if not isinstance(turns, list) or not turns:
        raise RowError("conversations is no list of turns")
    messages: list[Message] = []
    for place, turn in enumerate(turns):
        messages.append(_read_turn(turn, f"conversations.{place}", messages))
    said = row.get("system") or ""
    if not isinstance(said, str):
        raise RowError("system is no text")
    return Content(((system(said),) if said else ()) + tuple(messages), tools=_tools(row))


def _read_turn(turn: Any, name: str, before: Sequence[Message]) -> Message:
    if not isinstance(turn, Mapping):
        raise RowError(f"{name} is no object")
    role, value = turn.get("from"), turn.get("value")
    if not isinstance(role, str) or not isinstance(value, str):
        raise RowError(f"{name}: from and value are not both texts")
    if role == "function_call":
        return Message("assistant", "", _calls(value, name))
    if role not in _ROLES:
        raise RowError(f"{name} is from {role[:40]!r}, none of {', '.join(_ROLES)}, function_call")
    if _ROLES[role] != "tool":
        return Message(_ROLES[role], value)
    answered = turn.get("tool_call_id", _asked(before))
    if answered is not None and not isinstance(answered, str):
        raise RowError(f"{name}: tool_call_id is no text")
    return Message("tool", value, tool_call_id=answered)


def _asked(before: Sequence[Message]) -> str | None:
    """The id of the call that the next observation answers: the first without one."""
    calls: tuple[ToolCall, ...] = ()
    answered: set[str | None] = set()
    for message in before:
        if message.tool_calls:
            calls, answered = message.tool_calls, set()
        elif message.role == "tool":
            answered.add(message.tool_call_id)
    return next((call.id for call in calls if call.id not in answered), None)


def _calls(value: str, name: str) -> tuple[ToolCall, ...]:
    try:
        calls = parse_json(value)
    except ValueError:
        raise RowError(f"{name}: the function call is no JSON") from None
    calls = calls if isinstance(calls, list) else [calls]
    good = all(
        isinstance(c, dict)
        and isinstance(c.get("name"), str)
        and isinstance(c.get("arguments", {}), dict)
        for c in calls
    )
    if not calls or not good:
        raise RowError(f"{name}: a function call needs a name and arguments")
    return tuple(
        ToolCall(call["name"], call.get("arguments", {}), str(call.get("id") or f"call_{place}"))
        for place, call in enumerate(calls)
    )


def _tools(row: Row) -> Sequence[Mapping[str, Any]]:
    tools = row.get("tools") or []
    if isinstance(tools, str):
        try:
            tools = parse_json(tools)
        except ValueError:
            raise RowError("tools is no JSON") from None
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise RowError("tools is no list of objects")
    return tuple(tools)


def _write(content: Content) -> dict[str, Any]:
    turns: list[dict[str, Any]] = []
    for place, message in enumerate(content.messages):
        if message.train is not None:
            raise RowError("marks of what is learned have no place in ShareGPT")
        if message.tool_calls:
            if message.content:
                raise RowError("a turn that both speaks and calls has no place in ShareGPT")
            calls = [_write_call(call, n) for n, call in enumerate(message.tool_calls)]
            value = json.dumps(calls[0] if len(calls) == 1 else calls, ensure_ascii=False)
            turns.append({"from": "function_call", "value": value})
        else:
            turn = {"from": _NAMES[message.role], "value": message.content}
            if message.role == "tool" and message.tool_call_id != _asked(content.messages[:place]):
                turn["tool_call_id"] = message.tool_call_id or ""
            turns.append(turn)
    row: dict[str, Any] = {"conversations": turns}
    if content.tools:
        row["tools"] = json.dumps(list(content.tools), ensure_ascii=False)
    return row


def _write_call(call: ToolCall, place: int) -> dict[str, Any]:
    """The call; its id only where it is not the one that reading gives."""
    plain = {"name": call.name, "arguments": dict(call.arguments)}
    return plain if call.id in ("", f"call_{place}") else {**plain, "id": call.id}


SHAREGPT = Format(
    "sharegpt",
    (frozenset({"conversations"}),),
    _read,
    _write,
)
