"""What a format of training data is: a way to read a row and a way to write one, without loss."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sadari.data.types import Record
from sadari.domain.message import Message

Row = Mapping[str, Any]


class RowError(ValueError):
    """A row that is no example, or a record that a format cannot hold: the reason."""


@dataclass(frozen=True)
class Content:
    """What formats have in common: a conversation, and what people said of its last answer."""

    messages: tuple[Message, ...]
    rejected: str | None = None
    rating: Literal["up", "down"] | None = None
    tools: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Format:
    """A format by its usual name. `marks` are sets of member names, one of which its rows have;
    `read` and `write` are pure and raise RowError."""

    name: str
    marks: tuple[frozenset[str], ...]
    read: Callable[[Row], Content]
    write: Callable[[Content], dict[str, Any]]
    bare: bool = False  # whether other readers refuse members that the format does not define


# A record's own fields, which stand beside the members of any format that is not bare.
_BESIDE = ("id", "group", "source", "task", "rejected", "rating", "parent")


def to_record(form: Format, row: Row, where: str) -> Record:
    """The record of one row. What the row holds beyond a record's fields is kept in `extra`, so
    that `to_row` with the same format gives the row back. Raises RowError."""
    content = form.read(row)
    check_turns(content.messages)
    given = {name: v for name in _BESIDE if isinstance(v := row.get(name), str) and v}
    record = Record(
        id=given.get("id", where),
        messages=content.messages,
        group=given.get("group", given.get("id", where)),
        source=given.get("source", where),
        task=given.get("task", ""),
        rejected=content.rejected or given.get("rejected"),
        rating=content.rating or given.get("rating"),
        parent=given.get("parent"),
        extra={"tools": list(content.tools)} if content.tools else {},
    )
    plain = _plain(form, record)
    members = {k: v for k, v in row.items() if k not in plain or not _same(plain[k], v)}
    absent = [name for name in plain if name not in row]
    if not members and not absent:
        return record
    rest = {"members": members, "absent": absent}
    return replace(record, extra={**record.extra, form.name: rest})


def to_row(form: Format, record: Record) -> dict[str, Any]:
    """One row that holds the record. Raises RowError where the format has no place for it."""
    plain = _plain(form, record)
    rest = record.extra.get(form.name)
    if not isinstance(rest, Mapping):
        return plain
    absent = {name for name in rest["absent"] if _may_go(name, record)}
    kept = {name: value for name, value in plain.items() if name not in absent}
    unknown = {name: v for name, v in rest["members"].items() if name not in plain}
    for row in ({**kept, **rest["members"]}, {**plain, **unknown}):
        try:
            if form.read(row) == form.read(plain):
                return row
        except RowError:
            continue
    return plain  # the record was changed since it was read


def check_turns(messages: Sequence[Message]) -> None:
    """Raises RowError for a conversation that no model can learn from."""
    for number, message in enumerate(messages, start=1):
        if not message.content.strip() and not message.tool_calls:
            raise RowError(f"turn {number} ({message.role}) is empty")
        if message.role == "system" and number > 1:
            raise RowError(f"turn {number} is a system turn behind others")
    spoken = [m for m in messages if m.role != "system"]
    for first, second in itertools.pairwise(spoken):
        if first.role == second.role == "assistant":
            number = next(n for n, m in enumerate(messages, start=1) if m is second)
            raise RowError(f"two turns of the assistant in a row ({number - 1} and {number})")
    if not any(message.role == "assistant" for message in messages):
        raise RowError("no turn of the assistant")


def text_of(row: Row, *names: str) -> str:
    """The first of the members that the row has, which must be a text. Raises RowError."""
    for name in names:
        if name in row:
            value = row[name]
            if not isinstance(value, str):
                raise RowError(f"{name} is no text")
            return value
    raise RowError(f"{names[0]} is missing")


def _plain(form: Format, record: Record) -> dict[str, Any]:
    content = Content(
        record.messages,
        record.rejected,
        "up" if record.rating == "up" else "down" if record.rating == "down" else None,
        record.tools,
    )
    row = form.write(content)
    if form.bare:
        return row
    beside = {name: value for name in _BESIDE if (value := getattr(record, name))}
    return {**{name: v for name, v in beside.items() if name not in row}, **row}


def _may_go(name: str, record: Record) -> bool:
    """Whether a field that the row did not have still says no more than where it stood."""
    return name not in ("id", "group", "source") or getattr(record, name) in (
        record.source,
        record.id,
    )


def _same(one: Any, other: Any) -> bool:
    """Equality that tells 1 from true and from 1.0, as JSON does."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
