"""Exam questions in the training data: exactly, or nearly (character 5-grams)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sadari.data.near import NEAR
from sadari.data.near import grams as grams_of
from sadari.data.redact import bare, unnumbered
from sadari.data.types import DataError, Record
from sadari.domain.message import Message
from sadari.domain.question import Question

REPEATS = "repeats the exam question"


class LeakageIndex:
    """Finds the exam question that a training question repeats. Exact Jaccard over postings, so
    nothing is missed; cost grows with shared 5-grams, not with the product of both sets. A question
    that holds personal data is found where placeholders stand for them, too."""

    def __init__(self, questions: Sequence[Question]) -> None:
        asked = [(q.id, text) for q in questions for text in _spellings(_asked(q.messages))]
        self._ids = [name for name, _ in asked]
        self._grams = [grams_of(text) for _, text in asked]
        self._postings: Mapping[str, list[int]] = _postings(self._grams)

    def against(self, record: Record) -> str | None:
        """Why `record` may not be learned from: the question that it repeats, or None."""
        same = self.same_as(question_of(record))
        return f"{REPEATS} {same}" if same else None

    def same_as(self, text: str) -> str | None:
        """The id of the exam question that `text` repeats most closely, or None."""
        grams = grams_of(unnumbered(text))
        shared = Counter(i for gram in grams for i in self._postings.get(gram, ()))
        nearest = max(
            ((n / (len(grams) + len(self._grams[i]) - n), -i) for i, n in shared.items()),
            default=(0.0, 0),
        )
        return self._ids[-nearest[1]] if nearest[0] >= NEAR else None


def refuse_leaks(records: Iterable[Record], exam: Sequence[Question]) -> None:
    """Raises DataError naming the first of the user's own records that repeats a test question."""
    index = LeakageIndex([q for q in exam if q.split == "test"])
    for record in records:
        same = index.same_as(question_of(record))
        if same is not None:
            raise DataError(
                f"asks the same as the test question {same}.",
                where=record.source,
                todo="Drop one of them: a model must not train on its own exam.",
            )


def question_of(record: Record) -> str:
    """What the user says in a record. In a dialogue that is every turn: "네, 맞아요" alone asks
    nothing, and ends a hundred different orders."""
    return _asked(record.messages)


def _asked(messages: Sequence[Message]) -> str:
    return "\n".join(m.content for m in messages if m.role == "user")


def _spellings(text: str) -> tuple[str, ...]:
    """The text, and as redaction leaves it where it holds personal data."""
    redacted = bare(text)
    return (text,) if redacted == text else (text, redacted)


def _postings(sets: Sequence[frozenset[str]]) -> Mapping[str, list[int]]:
    postings: defaultdict[str, list[int]] = defaultdict(list)
    for index, grams in enumerate(sets):
        for gram in grams:
            postings[gram].append(index)
    return postings
