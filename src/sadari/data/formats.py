"""Records on disk: OpenAI's chat lines, with sadari's own fields beside the messages."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sadari.data.types import Record
from sadari.domain.files import read_json_lines
from sadari.domain.message import Message
from sadari.domain.problem import Problems

_FIELDS = ("id", "group", "source", "task", "rejected", "rating", "parent")


def record_to_json(record: Record) -> dict[str, Any]:
    """One line of OpenAI's chat format; fields that are None are left out."""
    line: dict[str, Any] = {"messages": [m.as_openai() for m in record.messages]}
    line.update({k: v for k in _FIELDS if (v := getattr(record, k)) not in (None, "")})
    return line


def write_records(records: Iterable[Record], path: Path) -> None:
    """Writes JSON lines through a temporary file, so that a half-written one is never read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(path.suffix + ".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record_to_json(record), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read_records(path: Path, problems: Problems) -> list[Record]:
    """Records from JSON lines with `messages`; bad lines become problems."""
    records = []
    for where, row in read_json_lines(path, problems):
        turns = row.get("messages")
        if not isinstance(turns, list) or not turns:
            problems.error(where, "has no messages.")
            continue
        try:
            messages = tuple(Message(t["role"], t["content"]) for t in turns)
        except (KeyError, TypeError):
            problems.error(where, "has a message without role or content.")
            continue
        extra = {name: row[name] for name in _FIELDS if name in row}
        extra = {"id": where, "group": where, "source": where, **extra}
        records.append(Record(messages=messages, **extra))
    return records
