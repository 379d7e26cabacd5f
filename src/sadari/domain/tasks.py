"""Several tasks in one domain, told apart by what stands before a conversation's first turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sadari.domain.dialogue import Session
from sadari.domain.document import Feedback
from sadari.domain.message import Message
from sadari.domain.problem import Problems, quoted
from sadari.domain.question import Question

Prefixes = Mapping[str, str]  # by task, as `[tasks]` in domain.toml declares them
Conversation = TypeVar("Conversation", Session, Question)


def with_prefixes(
    rows: Sequence[Conversation], prefixes: Prefixes, problems: Problems
) -> tuple[Conversation, ...]:
    """The rows, each behind the prefix of its task; a task that is not declared is an error."""
    _check(rows, prefixes, problems)
    return tuple(
        replace(row, messages=prefixed(row.messages, prefixes.get(row.task, ""))) for row in rows
    )


def feedback_with_prefixes(
    rows: Sequence[Feedback], prefixes: Prefixes, problems: Problems
) -> tuple[Feedback, ...]:
    """The same for feedback, whose question is one turn."""
    _check(rows, prefixes, problems)
    return tuple(
        replace(row, question=_behind(prefixes.get(row.task, ""), row.question)) for row in rows
    )


def prefixed(messages: Sequence[Message], prefix: str) -> tuple[Message, ...]:
    """The conversation with `prefix` before its first user turn, unless it stands there."""
    first = next((i for i, m in enumerate(messages) if m.role == "user"), None)
    return tuple(
        replace(m, content=_behind(prefix, m.content)) if i == first else m
        for i, m in enumerate(messages)
    )


def _behind(prefix: str, text: str) -> str:
    return text if text.startswith(prefix) else prefix + text


def _check(
    rows: Sequence[Session | Question | Feedback], prefixes: Prefixes, problems: Problems
) -> None:
    for row in rows:
        if prefixes and row.task and row.task not in prefixes:
            what = f"its task {quoted(row.task)} is not declared."
            todo = f"Add it to [tasks] in domain.toml, or use one of {', '.join(prefixes)}."
            problems.error(row.source, what, todo)
