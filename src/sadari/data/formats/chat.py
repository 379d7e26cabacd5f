"""sadari's own lines: OpenAI's chat turns, with every field of a record beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from sadari.data.types import Record
from sadari.domain.files import parse_json, read_json_lines
from sadari.domain.message import Message, ToolCall
from sadari.domain.problem import Problems, quoted
from sadari.domain.rows import complaints
from sadari.store import whole_file

_FIELDS = ("id", "group", "source", "task", "rejected", "rating", "parent", "extra")


class _CallRow(BaseModel):
    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)

    @field_validator("arguments", mode="before")
    @classmethod
    def _parsed(cls, value: object) -> object:
        return parse_json(value) if isinstance(value, str) else value


class _ToolCallRow(BaseModel):
    function: _CallRow
    id: str = ""


class TurnRow(BaseModel):
    """A turn as OpenAI's chat API writes it; arguments may be an object or a text of one."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | None = None
    tool_calls: tuple[_ToolCallRow, ...] = ()
    tool_call_id: str | None = None
    train: bool | None = None

    def message(self) -> Message:
        """The turn as a message."""
        calls = tuple(
            ToolCall(c.function.name, c.function.arguments, c.id) for c in self.tool_calls
        )
        return Message(self.role, self.content or "", calls, self.tool_call_id, self.train)


class _RecordRow(BaseModel):
    model_config = ConfigDict(extra="ignore")

    messages: tuple[TurnRow, ...] = Field(min_length=1)
    id: str = ""
    group: str = ""
    source: str = ""
    task: str = ""
    rejected: str | None = None
    rating: str | None = None
    parent: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


def record_to_json(record: Record) -> dict[str, Any]:
    """One line of OpenAI's chat format; fields that are None or empty are left out."""
    line: dict[str, Any] = {"messages": [_turn_to_json(m) for m in record.messages]}
    line.update({k: v for k in _FIELDS if (v := getattr(record, k)) not in (None, "", {})})
    return line


def _turn_to_json(message: Message) -> dict[str, Any]:
    turn = message.as_openai()
    return turn if message.train is None else {**turn, "train": message.train}


def write_records(records: Iterable[Record], path: Path) -> None:
    """Writes JSON lines, whole or not at all."""
    with whole_file(path) as file:
        for record in records:
            file.write(json.dumps(record_to_json(record), ensure_ascii=False) + "\n")


def record_from_json(line: Mapping[str, Any], where: str) -> Record:
    """The record of one line; without id, group or source these are `where`. Raises ValueError
    with a sentence about the first thing that is wrong."""
    try:
        row = _RecordRow.model_validate(line)
    except ValidationError as error:
        raise ValueError(complaints(error, _RecordRow)[0][1]) from None
    fields = {name: getattr(row, name) for name in _FIELDS}
    tools = row.extra.get("tools", [])
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise ValueError("extra.tools is no list of objects")
    fields |= {name: where for name in ("id", "group", "source") if not fields[name]}
    return Record(messages=tuple(turn.message() for turn in row.messages), **fields)


def read_records(path: Path, problems: Problems) -> list[Record]:
    """Records from JSON lines with `messages`; bad lines become problems. A record without id,
    group or source gets its file:line."""
    found: dict[str, Record] = {}
    for where, line in read_json_lines(path, problems):
        try:
            record = record_from_json(line, where)
        except ValueError as error:
            problems.error(where, str(error), "Mend or drop the line.")
            continue
        if found.setdefault(record.id, record) is not record:
            what = f"the id {quoted(record.id)} is taken by {found[record.id].source}."
            problems.error(where, what, "Give it another.")
    return list(found.values())
