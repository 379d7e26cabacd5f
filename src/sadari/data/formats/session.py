"""A service's sessions: turns with a role and a content, and the state of the order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sadari.data.formats.format import Content, Format, Row, RowError
from sadari.domain.dialogue import split_state, with_state
from sadari.domain.message import Message, Role

_ROLES: tuple[Role, ...] = ("system", "user", "assistant")


def _read(row: Row) -> Content:
    turns = row.get("messages")
    if not isinstance(turns, list) or not turns:
        raise RowError("messages is no list of turns")
    return Content(tuple(_read_turn(turn, place) for place, turn in enumerate(turns)))


def _read_turn(turn: Any, place: int) -> Message:
    name = f"messages.{place}"
    if not isinstance(turn, Mapping):
        raise RowError(f"{name} is no object")
    role, content = turn.get("role"), turn.get("content")
    if role not in _ROLES or not isinstance(content, str):
        raise RowError(f"{name} needs a content and a role of {', '.join(_ROLES)}")
    state = turn.get("order_state", turn.get("state"))
    if state is None:
        return Message(role, content)
    if not isinstance(state, Mapping) or role != "assistant":
        raise RowError(f"{name}: a state is an object in a turn of the assistant")
    return Message(role, with_state(content, state))


def _write(content: Content) -> dict[str, Any]:
    turns: list[dict[str, Any]] = []
    for message in content.messages:
        if message.role == "tool" or message.tool_calls or message.train is not None:
            raise RowError("tool calls and marks of what is learned have no place in a session")
        words, state = message.content, None
        if message.role == "assistant":
            words, state = split_state(message.content)
        turn = {"role": message.role, "content": words}
        turns.append(turn if state is None else {**turn, "order_state": state})
    return {"messages": turns}


SESSION = Format(
    "session",
    (frozenset({"messages", "customer_name"}), frozenset({"messages", "session_id"})),
    _read,
    _write,
)
