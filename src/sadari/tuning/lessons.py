"""What is learnt from: an answer, a pair of answers, or an answer with a thumb up or down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sadari.llm.types import Rendered
from sadari.tuning.errors import TuningError


@dataclass(frozen=True)
class Pair:
    """Two answers to one prompt, of which people preferred the first. Raises TuningError for
    answers that are equal and for prompts that differ or are missing."""

    chosen: Rendered
    rejected: Rendered

    def __post_init__(self) -> None:
        asked, answer = split(self.chosen)
        other, rejected = split(self.rejected)
        if asked != other:
            raise TuningError("The chosen and the rejected answer do not follow the same prompt.")
        if not asked:
            raise TuningError("A pair has answers but no prompt.")
        if answer == rejected:
            raise TuningError("The chosen and the rejected answer of a pair are equal.")


@dataclass(frozen=True)
class Rated:
    """An answer and what a person thought of it."""

    answer: Rendered
    liked: bool


Lesson = Rendered | Pair | Rated

Kind = TypeVar("Kind", Rendered, Pair, Rated)


def only(kind: type[Kind], lessons: Sequence[Lesson]) -> list[Kind]:
    """The lessons, all of one kind. Raises TuningError naming the first of another."""
    found = [lesson for lesson in lessons if isinstance(lesson, kind)]
    if len(found) < len(lessons):
        i, other = next((i, one) for i, one in enumerate(lessons) if not isinstance(one, kind))
        raise TuningError(
            f"This tuning learns from {kind.__name__}, but lesson {i} is {type(other).__name__}.",
            todo="dpo, ipo and orpo learn from Pair, kto from Rated, no preference from Rendered.",
        )
    return found


def split(rendered: Rendered) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Token ids of the prompt, and from the first one with loss on of the answer."""
    start = rendered.trained.index(True) if any(rendered.trained) else len(rendered.ids)
    return rendered.ids[:start], rendered.ids[start:]
