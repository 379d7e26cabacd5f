"""Rows of JSON checked against a model, with errors a person can act on."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from sadari.domain.problem import quoted


class Row(BaseModel):
    """A JSON object of the user's: closed to misspelt names, without NaN and infinity."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    return value


Said = Annotated[str, AfterValidator(_not_blank)]


def complaints(error: ValidationError, model: type[BaseModel]) -> list[tuple[tuple[str, ...], str]]:
    """(path of names, sentence) for each thing that is wrong, in order, each path once."""
    found: dict[tuple[str, ...], str] = {}
    for item in error.errors(include_url=False, include_context=False):
        path = tuple(str(part) for part in item["loc"])
        found.setdefault(path, _sentence(path, item["type"], item["msg"], item["input"], model))
    return list(found.items())


def _sentence(
    path: tuple[str, ...], kind: str, message: str, given: Any, model: type[BaseModel]
) -> str:
    name = quoted(".".join(path))
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(path[-1], _names(model), n=1)
        return f"{name} is no known name{f'; did you mean {near[0]}?' if near else '.'}"
    if kind == "missing":
        return f"{name} is missing."
    if kind == "value_error":
        return f"{name} {message.removeprefix('Value error, ')}."
    said = "" if isinstance(given, dict | list) else f", not {quoted(repr(given))}"
    wanted = message[:1].lower() + message[1:]
    return f"{name}: {wanted}{said}."


def _names(model: type[BaseModel]) -> list[str]:
    """The names of the model's fields and of the models within it."""
    names: list[str] = []
    for name, field in model.model_fields.items():
        names.extend([name, *_names_in(field.annotation)])
    return names


def _names_in(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _names(annotation)
    return [name for part in get_args(annotation) for name in _names_in(part)]
