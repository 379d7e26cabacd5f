"""Functions that a model may call: written in a domain's `tools.py`, described by their signature,
checked before they run, and readable straight out of a question where no model is at hand."""

from sadari.tools.load import declared_tools, load_tools
from sadari.tools.plain import read_call
from sadari.tools.run import run_tool
from sadari.tools.types import Context, Tool, ToolError, ToolResult

__all__ = [
    "Context",
    "Tool",
    "ToolError",
    "ToolResult",
    "declared_tools",
    "load_tools",
    "read_call",
    "run_tool",
]
