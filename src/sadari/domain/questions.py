"""Reading `questions/`: one JSON object a line, each with a key that a right answer satisfies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sadari.domain.files import read_json_lines
from sadari.domain.message import Message
from sadari.domain.problem import Problems
from sadari.domain.question import AnyOf, Key, Number, Question, Split


class _NumberRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    value: float
    unit: str = ""
    tolerance: float = Field(default=0.0, ge=0)


class _KeyRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    must: list[str | _NumberRow | list[str | _NumberRow]] = []
    must_not: list[str] = []
    state: dict[str, Any] | None = None
    call: dict[str, Any] | None = None


class _MessageRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    role: Literal["system", "user", "assistant", "tool"]
    content: str


class _QuestionRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1)
    group: str = ""
    kind: Literal["answer", "refuse", "state", "call"] = "answer"
    level: int = Field(default=1, ge=1, le=4)
    topic: str = ""
    question: str | None = None
    messages: list[_MessageRow] | None = None
    key: _KeyRow | None = None
    evidence: list[str] = []
    reference: str = ""


def read_questions(path: Path, split: Split, problems: Problems) -> tuple[Question, ...]:
    """The good questions of one file; every bad line becomes a problem with file:line."""
    found: dict[str, Question] = {}
    for where, row in read_json_lines(path, problems):
        try:
            question = _question(_QuestionRow.model_validate(row), split, where)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            problems.error(where, f"{field}: {first['msg'].lower()}.")
            continue
        except ValueError as error:
            problems.error(where, str(error))
            continue
        if question.id in found:
            problems.error(where, f"the id {question.id} is taken by {found[question.id].source}.")
            continue
        found[question.id] = question
    return tuple(found.values())


def _question(row: _QuestionRow, split: Split, where: str) -> Question:
    if row.messages:
        messages = tuple(Message(m.role, m.content) for m in row.messages)
    else:
        messages = (Message("user", row.question or ""),)
    if not any(m.role == "user" and m.content.strip() for m in messages):
        raise ValueError("asks nothing. Give it a `question` or `messages` with a user turn.")
    key = _key(row.key or _KeyRow())
    holds = {"answer": key.must, "refuse": True, "state": key.state, "call": key.call}[row.kind]
    if not holds:
        need = {"answer": "must"}.get(row.kind, row.kind)
        raise ValueError(f"has no key. A question of kind {row.kind} needs `key.{need}`.")
    return Question(
        id=row.id,
        group=row.group or (row.evidence[0] if row.evidence else row.id),
        messages=messages,
        kind=row.kind,
        key=key,
        split=split,
        level=row.level,
        topic=row.topic,
        evidence=tuple(row.evidence),
        reference=row.reference,
        source=where,
    )


def _key(row: _KeyRow) -> Key:
    must: list[AnyOf] = []
    for item in row.must:
        alternatives = item if isinstance(item, list) else [item]
        if not alternatives or any(isinstance(a, str) and not a.strip() for a in alternatives):
            raise ValueError("has an empty item in key.must, which every answer would satisfy.")
        must.append(tuple(a if isinstance(a, str) else _number(a) for a in alternatives))
    return Key(tuple(must), tuple(row.must_not), row.state, row.call)


def _number(row: _NumberRow) -> Number:
    return Number(row.value, row.unit, row.tolerance)


def key_from_json(row: Mapping[str, Any]) -> Key:
    """A `Key` from the JSON of a question's `key` field. Raises ValueError when malformed."""
    return _key(_KeyRow.model_validate(row))
