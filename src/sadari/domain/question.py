"""Exam questions and the keys that a right answer must satisfy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sadari.domain.message import Message

Kind = Literal["answer", "refuse", "state", "call"]
Split = Literal["dev", "test"]
DocumentId = str


@dataclass(frozen=True)
class Number:
    """A quantity that the answer must state: right within `tolerance`, in `unit` or its kin."""

    value: float
    unit: str = ""
    tolerance: float = 0.0


AnyOf = tuple[str | Number, ...]


@dataclass(frozen=True)
class Key:
    """What a right answer holds: every `must` item (any alternative of it), no `must_not`."""

    must: tuple[AnyOf, ...] = ()
    must_not: tuple[str, ...] = ()
    state: Mapping[str, Any] | None = None
    call: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Question:
    """One exam question. `group` is the cluster that resampling must keep together."""

    id: str
    group: str
    messages: tuple[Message, ...]
    kind: Kind
    key: Key
    split: Split
    level: int = 1
    topic: str = ""
    task: str = ""
    evidence: tuple[DocumentId, ...] = ()
    reference: str = ""
    source: str = field(default="", compare=False)

    @property
    def text(self) -> str:
        """The last user turn: what is being asked."""
        return next(m.content for m in reversed(self.messages) if m.role == "user")
