"""Exam questions in the training data: exactly, nearly or among other words, by 5-grams."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sadari.data.near import NEAR
from sadari.data.near import grams as grams_of
from sadari.data.redact import Vault, restore
from sadari.data.types import DataError, Record
from sadari.domain.message import Message
from sadari.domain.question import Question

REPEATS = "repeats the exam question"
WHOLE = 0.9
"""Share of an exam question's 5-grams that a longer text holds which asks it among other things."""
LEAST = 10  # 5-grams of a question that can be told from chance in a longer text


class LeakageIndex:
    """Finds the exam question that a training question repeats, alone or among other words: a
    greeting, a telephone number, the other turns of a dialogue. Exact over postings, so nothing is
    missed; cost grows with shared 5-grams, not with the product of both sets."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self._ids = [q.id for q in questions]
        self._grams = [grams_of(_asked(q.messages)) for q in questions]
        self._postings: Mapping[str, list[int]] = _postings(self._grams)

    def against(self, record: Record, vault: Vault | None = None) -> str | None:
        """Why `record` may not be learned from: the question that it repeats, or None. Texts are
        compared as people wrote them; `vault` gives back what placeholders stand for."""
        asked = question_of(record)
        same = self.same_as(restore(asked, vault) if vault else asked)
        return f"{REPEATS} {same}" if same else None

    def same_as(self, text: str) -> str | None:
        """The id of the exam question that `text` repeats most closely, or None."""
        grams = grams_of(text)
        shared = Counter(i for gram in grams for i in self._postings.get(gram, ()))
        nearest = max(
            ((max(*self._likeness(i, n, len(grams))), -i) for i, n in shared.items()),
            default=(0.0, 0),
        )
        return self._ids[-nearest[1]] if nearest[0] >= 1 else None

    def _likeness(self, question: int, shared: int, grams: int) -> tuple[float, float]:
        """How like they are as wholes, and how much of the question the text holds; each 1 where
        it is enough."""
        asked = len(self._grams[question])
        held = shared / asked if asked >= LEAST else 0.0
        return shared / (grams + asked - shared) / NEAR, held / WHOLE


def leaks(records: Iterable[Record], exam: Sequence[Question]) -> Iterator[DataError]:
    """What is to be said of each of the user's own records that repeats a test question."""
    index = LeakageIndex([q for q in exam if q.split == "test"])
    for record in records:
        if same := index.same_as(question_of(record)):
            yield DataError(
                f"asks the same as the test question {same}.",
                where=record.source,
                todo="Drop one of them: a model must not train on its own exam.",
            )


def refuse_leaks(records: Iterable[Record], exam: Sequence[Question]) -> None:
    """Raises DataError naming the first of the user's own records that repeats a test question."""
    for leak in leaks(records, exam):
        raise leak


def question_of(record: Record) -> str:
    """What the user says in a record. In a dialogue that is every turn: "네, 맞아요" alone asks
    nothing, and ends a hundred different orders."""
    return _asked(record.messages)


def _asked(messages: Sequence[Message]) -> str:
    return "\n".join(m.content for m in messages if m.role == "user")


def _postings(sets: Sequence[frozenset[str]]) -> Mapping[str, list[int]]:
    postings: defaultdict[str, list[int]] = defaultdict(list)
    for index, grams in enumerate(sets):
        for gram in grams:
            postings[gram].append(index)
    return postings
