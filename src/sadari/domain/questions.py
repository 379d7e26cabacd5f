"""Reading `questions/`: one JSON object a line, each with a key that a right answer satisfies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from sadari.domain.dialogues import TurnRow
from sadari.domain.files import read_json_lines
from sadari.domain.message import Message
from sadari.domain.problem import Problems, quoted
from sadari.domain.question import AnyOf, Key, Number, Question, Split
from sadari.domain.rows import Row, Said, complaints


class _NumberRow(Row):
    value: float
    unit: str = ""
    tolerance: float = Field(default=0.0, ge=0)


class _KeyRow(Row):
    must: tuple[str | _NumberRow | list[str | _NumberRow], ...] = ()
    must_not: tuple[str, ...] = ()
    state: dict[str, Any] | None = None
    call: dict[str, Any] | None = None


class _QuestionRow(Row):
    id: Said = Field(max_length=200)
    group: str = ""
    kind: Literal["answer", "refuse", "state", "call"] = "answer"
    level: int = Field(default=1, ge=1, le=4)
    topic: str = ""
    task: str = ""
    question: str | None = None
    messages: list[TurnRow] | None = None
    key: _KeyRow | None = None
    evidence: tuple[Said, ...] = ()
    reference: str = ""


def read_questions(path: Path, split: Split, problems: Problems) -> tuple[Question, ...]:
    """The good questions of one file; every bad line becomes a problem with file:line."""
    found: dict[str, Question] = {}
    for where, row in read_json_lines(path, problems):
        try:
            question = _question(_QuestionRow.model_validate(row), split, where)
        except ValidationError as error:
            _, what = complaints(error, _QuestionRow)[0]
            problems.error(where, what, "Mend the line.")
            continue
        except ValueError as error:
            problems.error(where, str(error))
            continue
        taken = found.setdefault(question.id, question)
        if taken is not question:
            what = f"the id {quoted(question.id)} is taken by {taken.source}."
            problems.error(where, what, "Give it another.")
    return tuple(found.values())


def _question(row: _QuestionRow, split: Split, where: str) -> Question:
    if row.messages and row.question is not None:
        raise ValueError("has both a `question` and `messages`. Keep one of them.")
    if row.messages:
        messages = tuple(turn.message() for turn in row.messages)
    else:
        messages = (Message("user", row.question or ""),)
    if messages[-1].role != "user" or not messages[-1].content.strip():
        raise ValueError("asks nothing. Give it a `question`, or `messages` that end with a user.")
    key = _key(row.key or _KeyRow())
    holds = {"answer": key.must, "refuse": True, "state": key.state, "call": key.call}[row.kind]
    if not holds:
        need = {"answer": "must"}.get(row.kind, row.kind)
        raise ValueError(f"has no key. A question of kind {row.kind} needs `key.{need}`.")
    if row.kind == "refuse" and key.must:
        raise ValueError('is to be refused, but has `key.must`. Drop it, or make it an "answer".')
    return Question(
        id=row.id,
        group=row.group or (row.evidence[0] if row.evidence else row.id),
        messages=messages,
        kind=row.kind,
        key=key,
        split=split,
        level=row.level,
        topic=row.topic,
        task=row.task.strip(),
        evidence=row.evidence,
        reference=row.reference,
        source=where,
    )


def _key(row: _KeyRow) -> Key:
    must: list[AnyOf] = []
    for item in row.must:
        alternatives = item if isinstance(item, list) else [item]
        if not alternatives or any(isinstance(a, str) and _is_empty(a) for a in alternatives):
            raise ValueError(
                "has an empty item in `key.must`, which every answer satisfies. Drop the item."
            )
        must.append(tuple(a if isinstance(a, str) else _number(a) for a in alternatives))
    if any(_is_empty(word) for word in row.must_not):
        raise ValueError(
            "has an empty item in `key.must_not`, which every answer holds. Drop the item."
        )
    return Key(tuple(must), row.must_not, row.state, row.call)


def _is_empty(word: str) -> bool:
    """Nothing is left of it once spaces and punctuation are forgiven."""
    return not any(c.isalnum() for c in word)


def _number(row: _NumberRow) -> Number:
    return Number(row.value, row.unit, row.tolerance)


def key_from_json(row: Mapping[str, Any]) -> Key:
    """A `Key` from the JSON of a question's `key` field. Raises ValueError when malformed."""
    return _key(_KeyRow.model_validate(row))
