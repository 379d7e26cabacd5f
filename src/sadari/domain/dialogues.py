"""Reading `dialogues/`: sessions of turns, one JSON object a line, with states where there are."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, ValidationError, model_validator

from sadari.domain.dialogue import Session, with_state
from sadari.domain.files import read_json_lines, read_json_list
from sadari.domain.message import Message
from sadari.domain.problem import Problems, quoted
from sadari.domain.rows import Row, Said, complaints


class TurnRow(Row):
    """A turn as the files hold it; only the assistant's turns have a state."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    state: dict[str, Any] | None = Field(
        default=None, validation_alias=AliasChoices("order_state", "state")
    )

    @model_validator(mode="after")
    def _whose(self) -> TurnRow:
        if self.state is not None and self.role != "assistant":
            raise ValueError(
                f"has a state in a turn of the {self.role}; only the assistant keeps one"
            )
        return self

    def message(self) -> Message:
        """The turn as a message, its state written below the words."""
        return Message(self.role, with_state(self.content, self.state))


class _SessionRow(Row):
    id: Said = Field(max_length=200)
    customer_name: str = ""
    task: str = ""
    evidence: tuple[Said, ...] = ()
    messages: tuple[TurnRow, ...] = Field(min_length=1)


def read_sessions(path: Path, problems: Problems) -> tuple[Session, ...]:
    """The good sessions of one file; every bad one becomes a problem with file:line."""
    found: dict[str, Session] = {}
    rows = (read_json_lines if path.suffix == ".jsonl" else read_json_list)(path, problems)
    for where, line in rows:
        try:
            row = _SessionRow.model_validate(line)
            _check_turns(row)
        except ValidationError as error:
            _, what = complaints(error, _SessionRow)[0]
            problems.error(where, what, "Mend the session.")
            continue
        except ValueError as error:
            problems.error(where, str(error))
            continue
        session = Session(
            id=row.id,
            messages=tuple(turn.message() for turn in row.messages),
            customer=row.customer_name.strip(),
            task=row.task.strip(),
            evidence=row.evidence,
            source=where,
        )
        taken = found.setdefault(session.id, session)
        if taken is not session:
            what = f"the id {quoted(session.id)} is taken by {taken.source}."
            problems.error(where, what, "Give it another.")
    return tuple(found.values())


def _check_turns(row: _SessionRow) -> None:
    """Raises ValueError for an order of turns that no chat template takes, or empty ones."""
    for number, turn in enumerate(row.messages, start=1):
        if not turn.content.strip():
            raise ValueError(f"turn {number} says nothing. Drop it, or write what was said.")
        if turn.role == "system" and number > 1:
            raise ValueError(f"turn {number} is a system turn. Put it first.")
    spoken = [turn.role for turn in row.messages if turn.role in ("user", "assistant")]
    if any(a == b == "assistant" for a, b in itertools.pairwise(spoken)):
        raise ValueError("the assistant speaks twice in a row. Join the two turns.")
    if not spoken or spoken[-1] != "assistant" or "user" not in spoken:
        raise ValueError("does not end with an assistant's answer to a user. Cut or complete it.")
