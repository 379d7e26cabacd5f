"""A tool, what it runs in, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sadari.domain.message import ToolCall
from sadari.text import SadariError


class ToolError(SadariError):
    """A tools file that cannot be used, or (raised by a tool) a sentence for whoever asked."""


@dataclass(frozen=True)
class Context:
    """What a tool may look at: the domain's folder and the folder of sadari's state. A function
    gets it in a parameter of this type, which no model sees."""

    domain: Path
    home: Path


@dataclass(frozen=True)
class Tool:
    """A function with what a model reads about it. `arguments` checks them."""

    name: str
    description: str
    arguments: type[BaseModel]
    function: Callable[..., Any]

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        """The tool as OpenAI's chat API describes a function."""
        parameters = self.arguments.model_json_schema()
        parameters.pop("title", None)
        parameters.pop("description", None)
        for one in parameters.get("properties", {}).values():
            one.pop("title", None)
        function = {"name": self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}


@dataclass(frozen=True)
class ToolResult:
    """What a call gave: a sentence or JSON, as the model reads it. `ok` is False where the call
    was refused or failed, and the text says why."""

    call: ToolCall
    text: str
    ok: bool
