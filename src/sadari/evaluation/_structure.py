"""Answers that are data: a JSON state, or a call of a function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sadari.text import normalise

_decoder = json.JSONDecoder()


def objects(answer: str) -> list[dict[str, Any]]:
    """The JSON objects that stand in an answer, fenced or among words, in order."""
    found: list[dict[str, Any]] = []
    position = answer.find("{")
    while position >= 0:
        try:
            value, end = _decoder.raw_decode(answer, position)
        except ValueError:
            end = position + 1
        else:
            if isinstance(value, dict):
                found.append(value)
        position = answer.find("{", end)
    return found


def wrong_slots(state: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """The slots of `state` that `found` lacks or fills otherwise; slots that it adds are free."""
    return [slot for slot, value in state.items() if not _equal(value, found.get(slot))]


def call_of(found: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The name and arguments of a call, in any of the usual shapes."""
    inner = found.get("function")
    call = inner if isinstance(inner, dict) else found
    arguments = call.get("arguments", call.get("parameters", {}))
    if isinstance(arguments, str):
        arguments = next(iter(objects(arguments)), {})
    name = call.get("name", inner if isinstance(inner, str) else "")
    return str(name), arguments if isinstance(arguments, dict) else {}


def _equal(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(got, Mapping) and not wrong_slots(wanted, got)
    if isinstance(wanted, list):
        return (
            isinstance(got, list)
            and len(wanted) == len(got)
            and all(map(_equal, sorted(wanted, key=_plain), sorted(got, key=_plain)))
        )
    if isinstance(wanted, bool) or isinstance(got, bool) or wanted is None or got is None:
        return wanted is got or (_plain(wanted) == _plain(got) and None not in (wanted, got))
    try:
        return abs(float(wanted) - float(got)) <= 1e-9 * max(1.0, abs(float(wanted)))
    except (TypeError, ValueError):
        return _plain(wanted) == _plain(got)


def _plain(value: Any) -> str:
    return normalise(str(value)).replace(" ", "")
