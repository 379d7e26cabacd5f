"""What a model wrote, taken apart: thinking, text for the user, tool calls.

Tool calls are read in the Hermes form that Qwen and many others are trained on: a JSON object
with `name` and `arguments` between `<tool_call>` and `</tool_call>`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sadari.domain.message import ToolCall

_CALL = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.DOTALL)
_OPEN, _THINK, _UNTHINK = "<tool_call>", "<think>", "</think>"


@dataclass(frozen=True)
class Reply:
    """One reply. `text` holds whatever is meant for the user, a malformed tool call included."""

    text: str
    reasoning: str
    tool_calls: tuple[ToolCall, ...]


def parse(raw: str, thinking: bool = False, *, calls_tools: bool = True) -> Reply:
    """Takes a finished reply apart. `thinking` says that the prompt had already opened a
    `<think>` block. A block that is not JSON, or names no function, stays in the text: nothing
    that the model said is lost. Without `calls_tools` all but the thinking is text."""
    reasoning, rest = _split_thinking(raw, thinking)
    if not calls_tools:
        return Reply(rest, reasoning.strip(), ())
    calls: list[ToolCall] = []

    def take(match: re.Match[str]) -> str:
        call = _call(match.group(1), len(calls))
        if call is None:
            return match.group(0)
        calls.append(call)
        return ""

    text = _CALL.sub(take, rest)
    return Reply(text.strip() if calls else text, reasoning.strip(), tuple(calls))


def visible(raw: str, stops: Sequence[str] = (), thinking: bool = False) -> str:
    """The part of an unfinished reply that can be shown already: no thinking, nothing from a
    tool call on, and no ending that may yet grow into markup or a stop string."""
    stripped = raw.lstrip()
    if not thinking and stripped and _THINK.startswith(stripped):
        return ""
    _, text = _split_thinking(raw, thinking)
    text = text.split(_OPEN, 1)[0]
    for mark in (_OPEN, *stops):
        for length in range(min(len(mark) - 1, len(text)), 0, -1):
            if text.endswith(mark[:length]):
                text = text[:-length]
                break
    return text


def stop_at(text: str, stops: Sequence[str]) -> int | None:
    """Where the first stop string begins, or None."""
    found = [place for stop in stops if stop and (place := text.find(stop)) >= 0]
    return min(found) if found else None


def _split_thinking(raw: str, thinking: bool) -> tuple[str, str]:
    if raw.lstrip().startswith(_THINK):
        raw, thinking = raw.lstrip()[len(_THINK) :], True
    if not thinking:
        return "", raw
    reasoning, closed, text = raw.partition(_UNTHINK)
    return reasoning, text.lstrip("\n") if closed else ""


def _call(body: str, index: int) -> ToolCall | None:
    try:
        call = json.loads(body)
    except ValueError:
        return None
    if not isinstance(call, dict) or not isinstance(call.get("name"), str):
        return None
    arguments = call.get("arguments", call.get("parameters", {}))
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return None
    if not isinstance(arguments, dict):
        return None
    return ToolCall(call["name"], arguments, id=f"call_{index}")
