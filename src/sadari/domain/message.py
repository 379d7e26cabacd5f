"""Chat messages in OpenAI's shape: the one form of conversation that every floor speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True)
class ToolCall:
    """A function that the model wants called. `arguments` is the parsed JSON object."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True)
class Message:
    """One turn. `train` says whether its tokens carry loss; None means "assistant turns do"."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    train: bool | None = None

    def as_openai(self) -> dict[str, Any]:
        """The message as OpenAI's chat API writes it; arguments stay an object for templates."""
        out: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            out["tool_calls"] = [
                {
                    "id": call.id or f"call_{index}",
                    "type": "function",
                    "function": {"name": call.name, "arguments": dict(call.arguments)},
                }
                for index, call in enumerate(self.tool_calls)
            ]
        if self.tool_call_id is not None:
            out["tool_call_id"] = self.tool_call_id
        return out


def user(content: str) -> Message:
    """A user's turn."""
    return Message("user", content)


def system(content: str) -> Message:
    """A system turn."""
    return Message("system", content)


def assistant(content: str) -> Message:
    """An assistant's turn."""
    return Message("assistant", content)
