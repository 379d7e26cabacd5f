"""A document of the domain, a glossary term, and a user's feedback on an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Document:
    """Text with a title and a topic. `source` is file:line, for errors and reports."""

    id: str
    title: str
    text: str
    topic: str = ""
    source: str = field(default="", compare=False)


@dataclass(frozen=True)
class Term:
    """A glossary entry."""

    term: str
    meaning: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feedback:
    """A rated answer; `correction` is what the user would have said instead."""

    id: str
    question: str
    answer: str
    rating: Literal["up", "down"]
    correction: str | None = None
    evidence: tuple[str, ...] = ()
    task: str = ""
    source: str = field(default="", compare=False)
