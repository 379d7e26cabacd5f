"""Records from kept sessions: whole conversations, each turn's state with it."""

from __future__ import annotations

from collections.abc import Sequence

from sadari.data.types import Record
from sadari.domain.dialogue import Session
from sadari.domain.message import Message, system

_CUSTOMER = {"ko": "고객 이름: {}", "en": "Customer: {}"}


def from_sessions(sessions: Sequence[Session], language: str) -> list[Record]:
    """One record a session, every assistant's turn in it to be learned. The customer's name stands
    in the system turn, where the service's client puts it too. The group is the document that the
    session answers from, if any."""
    return [
        Record(
            id=session.id,
            messages=opening(session, language),
            group=session.evidence[0] if session.evidence else session.id,
            source=session.source,
            task=session.task or "dialogue",
        )
        for session in sessions
    ]


def opening(session: Session, language: str) -> tuple[Message, ...]:
    """The session's messages, with its customer named in the first of them."""
    if not session.customer:
        return session.messages
    name = _CUSTOMER[language].format(session.customer)
    first, *rest = session.messages
    if first.role != "system":
        return (system(name), *session.messages)
    return (system(f"{name}\n{first.content}"), *rest)
