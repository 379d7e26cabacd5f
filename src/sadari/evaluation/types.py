"""Scores: one answer to one question by one bundle, judged by one scorer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sadari.text import SadariError


class EvaluationError(SadariError):
    """An evaluation that cannot be run or compared."""


@dataclass(frozen=True)
class Score:
    """`right` is None when the question could not be asked: not wrong, unknown."""

    question: str
    group: str
    bundle: str
    scorer: str
    right: bool | None
    answer: str
    why: str = ""
    found: bool | None = None
    repeat: int = 0
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    parts: Mapping[str, float] = field(default_factory=dict)
