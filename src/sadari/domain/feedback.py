"""Reading `feedback/`: rated answers and preference pairs in JSON lists or JSON lines."""

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
    task: str = ""


class _PairRow(Row):
    id: Said = Field(max_length=200)
    question: Said
    chosen: Said
    rejected: Said
    evidence: tuple[Said, ...] = ()
    task: str = ""


def read_feedback(path: Path, problems: Problems) -> tuple[Feedback, ...]:
    """The good entries of one file; every bad one becomes a problem with file:line."""
    found: dict[str, Feedback] = {}
    rows = (read_json_lines if path.suffix == ".jsonl" else read_json_list)(path, problems)
    for where, row in rows:
        kind: type[_PairRow | _FeedbackRow] = (
            _PairRow if {"chosen", "rejected"} & row.keys() else _FeedbackRow
        )
        try:
            entry = _entry(kind.model_validate(row), where)
        except ValidationError as error:
            _, what = complaints(error, kind)[0]
            problems.error(where, what, "Mend the entry.")
            continue
        taken = found.setdefault(entry.id, entry)
        if taken is not entry:
            what = f"the id {quoted(entry.id)} is taken by {taken.source}."
            problems.error(where, what, "Give it another.")
    return tuple(found.values())


def _entry(row: _FeedbackRow | _PairRow, where: str) -> Feedback:
    """A pair is a bad answer with its correction."""
    task = row.task.strip()
    if isinstance(row, _PairRow):
        return Feedback(
            row.id, row.question, row.rejected, "down", row.chosen, row.evidence, task, where
        )
    correction = (row.correction or "").strip() or None
    return Feedback(
        row.id, row.question, row.answer, row.rating, correction, row.evidence, task, where
    )
