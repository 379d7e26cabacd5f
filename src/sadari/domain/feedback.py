"""Reading `feedback/`: rated answers in JSON lists or JSON lines."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from sadari.domain.document import Feedback
from sadari.domain.files import read_json_lines, read_json_list
from sadari.domain.problem import Problems, quoted
from sadari.domain.rows import Row, Said, complaints


class _FeedbackRow(Row):
    id: Said = Field(max_length=200)
    question: Said
    answer: Said
    rating: Literal["up", "down"]
    correction: str | None = None
    evidence: tuple[Said, ...] = ()


def read_feedback(path: Path, problems: Problems) -> tuple[Feedback, ...]:
    """The good entries of one file; every bad one becomes a problem with file:line."""
    found: dict[str, Feedback] = {}
    rows = (read_json_lines if path.suffix == ".jsonl" else read_json_list)(path, problems)
    for where, row in rows:
        try:
            good = _FeedbackRow.model_validate(row)
        except ValidationError as error:
            _, what = complaints(error, _FeedbackRow)[0]
            problems.error(where, what, "Mend the entry.")
            continue
        entry = Feedback(
            id=good.id,
            question=good.question,
            answer=good.answer,
            rating=good.rating,
            correction=(good.correction or "").strip() or None,
            evidence=good.evidence,
            source=where,
        )
        taken = found.setdefault(entry.id, entry)
        if taken is not entry:
            what = f"the id {quoted(entry.id)} is taken by {taken.source}."
            problems.error(where, what, "Give it another.")
    return tuple(found.values())
