"""Several tasks in one domain, told apart by what stands before a conversation's first turn."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sadari.domain.dialogue import Session
from sadari.domain.document import Feedback
from sadari.domain.message import Message
from sadari.domain.problem import Problems, quoted
from sadari.domain.question import Question


def check_tasks(
    rows: Sequence[Session | Question | Feedback], tasks: Mapping[str, str], problems: Problems
) -> None:
    """A task that `[tasks]` does not declare is an error where it stands, if any is declared."""
    for row in rows:
        if tasks and row.task and row.task not in tasks:
            what = f"its task {quoted(row.task)} is not declared."
            todo = f"Add it to [tasks] in domain.toml, or use one of {', '.join(tasks)}."
            problems.error(row.source, what, todo)


def prefixed(messages: Sequence[Message], prefix: str) -> tuple[Message, ...]:
    """The conversation with `prefix` before its first user turn, unless it stands there."""
    first = next((i for i, m in enumerate(messages) if m.role == "user"), None)
    return tuple(
        replace(m, content=prefix + m.content)
        if i == first and not m.content.startswith(prefix)
        else m
        for i, m in enumerate(messages)
    )


def without_prefix(text: str, prefixes: Collection[str]) -> str:
    """What a user said behind one of the prefixes: the words that are searched for."""
    behind = [text.removeprefix(prefix) for prefix in prefixes if text.startswith(prefix)]
    return min(behind, key=len, default=text)
