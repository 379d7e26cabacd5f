"""Reading a call straight out of a question, where no model does it (or none did it well).

A tool fits a question as far as their words agree: the share of the question's character bigrams
that stand in the tool's description. Its arguments are what the question holds of their patterns
and choices, in the order of the parameters. Nothing is guessed: a required argument that the
question does not hold means no call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sadari.domain.message import ToolCall
from sadari.text import bigrams
from sadari.tools.types import Tool

LEAST_SHARED = 0.15  # of the question's bigrams; less is chance
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def read_call(question: str, tools: Sequence[Tool]) -> ToolCall | None:
    """The call that the question asks for, or None."""
    asked = set(bigrams(question))
    best: tuple[float, ToolCall] | None = None
    for tool in tools:
        arguments = _arguments(question, tool.schema["function"]["parameters"])
        if arguments is None:
            continue
        shared = len(asked & set(bigrams(tool.description))) / max(1, len(asked))
        if shared >= LEAST_SHARED and (best is None or shared > best[0]):
            best = (shared, ToolCall(tool.name, arguments, "call_plain"))
    return best[1] if best else None


def _arguments(question: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the question holds of the parameters; None if it lacks a required one."""
    values: dict[str, Any] = {}
    left = question
    for name, wanted in parameters.get("properties", {}).items():
        found = _find(left, wanted)
        if found is not None:
            start, end, values[name] = found
            left = left[:start] + " " * (end - start) + left[end:]
        elif name in parameters.get("required", ()):
            return None
    return values


def _find(text: str, wanted: Mapping[str, Any]) -> tuple[int, int, Any] | None:
    """The first place in the text that is such a value: (start, end, value)."""
    kinds = [wanted, *wanted.get("anyOf", ())]
    for kind in kinds:
        if "pattern" in kind:
            pattern = kind["pattern"].removeprefix("^").removesuffix("$")
            if match := re.search(pattern, text):
                return match.start(), match.end(), match.group()
        elif choices := [(m, c) for c in kind.get("enum", ()) if (m := _word(str(c), text))]:
            match, choice = min(choices, key=lambda found: found[0].start())
            return match.start(), match.end(), choice
        elif kind.get("type") in ("integer", "number") and (match := _NUMBER.search(text)):
            number = float(match.group())
            whole = kind["type"] == "integer"
            return match.start(), match.end(), int(number) if whole else number
    return None


def _word(choice: str, text: str) -> re.Match[str] | None:
    """The choice where it is no part of a longer Latin word: "en" is not in "between"."""
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(choice)}(?![A-Za-z0-9])", text)
