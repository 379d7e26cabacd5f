"""Running a call: arguments checked, failures told in a sentence, results cut to size."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from sadari.domain.message import ToolCall
from sadari.text import SadariError
from sadari.tools.types import Tool, ToolResult

LONGEST = 4000  # characters of a result: what is longer would push the question out of the prompt

_log = logging.getLogger(__name__)


def run_tool(call: ToolCall, tools: Sequence[Tool]) -> ToolResult:
    """The result of the call. Never raises: an unknown name, wrong arguments or a failing function
    give a result that is not `ok`, in words with which a model or a person can go on."""
    tool = next((tool for tool in tools if tool.name == call.name), None)
    if tool is None:
        names = ", ".join(tool.name for tool in tools)
        return ToolResult(call, f"There is no tool {call.name}. There are: {names}.", False)
    try:
        given: Any = call.arguments  # a model may write anything, also no object at all
        given = dict(given) if isinstance(given, Mapping) else given
        checked = tool.arguments.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or call.name}: {e['msg']}" for e in error.errors()
        )
        return ToolResult(call, f"Wrong arguments: {wrong}.", False)
    try:
        values = {name: getattr(checked, name) for name in tool.arguments.model_fields}
        result = tool.function(**values)
        text = result
        if not isinstance(result, str):
            text = json.dumps(result, ensure_ascii=False, allow_nan=False)
    except SadariError as error:
        return ToolResult(call, str(error), False)
    except (Exception, SystemExit) as error:  # the domain's own code must not end a service
        _log.warning("the tool %s failed", call.name, exc_info=error)
        return ToolResult(call, f"{call.name} failed: {type(error).__name__}: {error}", False)
    return ToolResult(call, text if len(text) <= LONGEST else text[:LONGEST] + " …", True)
