"""A kept conversation, and the state that an assistant's turn may carry as JSON after its words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sadari.domain.message import Message
from sadari.domain.question import DocumentId

State = Mapping[str, Any]


@dataclass(frozen=True)
class Session:
    """A conversation from its greeting to its end. The assistant's turns hold their state as
    `with_state` writes it; `customer` is whom the assistant speaks to, `evidence` the documents
    that it answers from."""

    id: str
    messages: tuple[Message, ...]
    customer: str = ""
    task: str = ""
    evidence: tuple[DocumentId, ...] = ()
    source: str = field(default="", compare=False)

    @property
    def states(self) -> tuple[State, ...]:
        """The states of the assistant's turns, in order; turns without one are left out."""
        found = (split_state(m.content)[1] for m in self.messages if m.role == "assistant")
        return tuple(state for state in found if state is not None)


def with_state(words: str, state: State | None) -> str:
    """What is said, and the state as one line of JSON below it: the form in which a model reads,
    writes and learns it. `split_state` takes it apart again without loss."""
    if state is None:
        return words
    line = json.dumps(state, ensure_ascii=False)
    return f"{words}\n{line}" if words else line


def split_state(content: str) -> tuple[str, State | None]:
    """(what is said, its state): the state is the last line, if that is a JSON object."""
    words, _, last = content.rpartition("\n")
    if not last.startswith("{"):
        return content, None
    try:
        state = json.loads(last)
    except ValueError:
        return content, None
    return (words, state) if isinstance(state, dict) else (content, None)
