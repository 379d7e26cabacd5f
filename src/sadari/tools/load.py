"""From a domain's `tools.py` to tools.

A tool is a public function with a docstring and a type for every parameter; what a parameter
means, and the pattern it has, stand in its `Annotated[..., Field(...)]`. `declared_tools` only
parses the file; `load_tools` runs it, which happens for a recipe that names it and never else.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.errors import PydanticUserError

from sadari.tools.types import Context, Tool, ToolError


def declared_tools(path: Path) -> tuple[str, ...]:
    """The names of the functions that the file declares as tools, without running it. Raises
    ToolError for a syntax error, and for a public function without docstring or types."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ToolError(f"is not Python: {error}", where=f"{path}:{line}") from error
    functions = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    for node in functions:
        where = f"{path}:{node.lineno}"
        if ast.get_docstring(node) is None:
            todo = "Say in a sentence what it does: the model chooses by that."
            raise ToolError(f"the tool {node.name} has no docstring.", where=where, todo=todo)
        for parameter in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            if parameter.annotation is None:
                todo = "Annotate it; the model's arguments are checked against the types."
                said = f"the parameter {parameter.arg} of the tool {node.name} has no type."
                raise ToolError(said, where=where, todo=todo)
        if node.args.vararg or node.args.kwarg:
            raise ToolError(f"the tool {node.name} takes any arguments.", where=where)
    return tuple(node.name for node in functions)


def load_tools(path: Path, context: Context) -> tuple[Tool, ...]:
    """The tools of the file, bound to the context. This runs the file. Raises ToolError when it
    cannot be run or a signature cannot be described."""
    names = declared_tools(path)
    module = _run(path)
    return tuple(_tool(name, getattr(module, name), context, path) for name in names)


def _run(path: Path) -> Any:
    spec = spec_from_file_location(f"sadari_tools_{abs(hash(path.resolve()))}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # type hints are looked up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # it is the user's code: anything may be raised
        raise ToolError(
            f"cannot be run: {type(error).__name__}: {error}", where=str(path)
        ) from error
    return module


def _tool(name: str, function: Callable[..., Any], context: Context, path: Path) -> Tool:
    fields: dict[str, Any] = {}
    given: dict[str, Any] = {}
    try:
        hints = get_type_hints(function, include_extras=True)
        for parameter in inspect.signature(function).parameters.values():
            if hints[parameter.name] is Context:
                given[parameter.name] = context
                continue
            missing = parameter.default is inspect.Parameter.empty
            fields[parameter.name] = (hints[parameter.name], ... if missing else parameter.default)
        arguments: type[BaseModel] = create_model(
            name, __config__=ConfigDict(extra="forbid", str_strip_whitespace=True), **fields
        )
        arguments.model_json_schema()
    except (NameError, TypeError, PydanticUserError) as error:
        said = f"the types of the tool {name} cannot be described: {error}"
        raise ToolError(said, where=str(path)) from error

    def call(**values: Any) -> Any:
        return function(**values, **given)

    return Tool(name, inspect.cleandoc(function.__doc__ or ""), arguments, call)
