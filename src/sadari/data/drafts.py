"""Exam questions proposed from the documents: question, key and evidence. A person approves, mends
or drops each; what was approved goes to dev or test with its document."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Literal

from sadari.data.duplicates import answer_of
from sadari.data.leakage import LeakageIndex, question_of
from sadari.data.pairs import pairs_of
from sadari.data.types import DataError, Record
from sadari.domain import Domain, Split
from sadari.store import whole_file
from sadari.text.josa import without_josa
from sadari.text.quantity import quantities
from sadari.text.sentences import sentences

DEV_SHARE = 0.25  # of the documents that no question rests on yet
KEY_WORDS = 2

State = Literal["open", "approved", "dropped"]
_WORD = re.compile(r"[가-힣A-Za-z][가-힣A-Za-z0-9-]+")
_VERB = re.compile(r"(?:다|고|며|면|지|해|한|된|될|하는|되는|어|아)$")  # says little as a key


@dataclass(frozen=True)
class Draft:
    """A proposed question. `must` is its key as in a question's JSON, `reference` the document's
    own sentence that answers it."""

    id: str
    question: str
    must: tuple[Any, ...]
    evidence: str
    topic: str
    reference: str
    state: State = "open"

    def as_row(self) -> dict[str, Any]:
        """The question as `questions/` holds it."""
        return {
            "id": self.id,
            "question": self.question,
            "kind": "answer",
            "topic": self.topic,
            "key": {"must": list(self.must)},
            "evidence": [self.evidence],
            "reference": self.reference,
        }


def draft_questions(
    domain: Domain, count: int, *, made: Sequence[Record] = (), seed: int = 0
) -> list[Draft]:
    """Up to `count` proposals, from `made` records (those of `synthesise`, say) or else from the
    documents' own sentences, spread over the documents; none that the exam asks already."""
    exam = LeakageIndex(domain.questions)
    topic_of = {d.id: d.topic for d in domain.documents}
    rows = [(r.group, question_of(r), answer_of(r)) for r in made if r.group in topic_of]
    if not rows:
        rows = [(d.id, p.questions[0], p.answer) for d in domain.documents for p in pairs_of(d)]
    common = Counter(w for d in domain.documents for w in {*_words(d.text)})
    taken = {q.id for q in domain.questions}
    Random(seed).shuffle(rows)
    turn: Counter[str] = Counter()
    spread = []
    for document, question, answer in rows:  # one of each document before a second of any
        turn[document] += 1
        spread.append((turn[document], document, question, answer))
    found: list[Draft] = []
    for _, document, question, answer in sorted(spread, key=lambda row: row[0]):
        if len(found) == count:
            break
        first = next(iter(sentences(answer)), answer)  # what follows is there for the reader
        must = key_of(question, first, common)
        name = f"draft-{hashlib.sha256(f'{document}/{question}'.encode()).hexdigest()[:8]}"
        if must and name not in taken and exam.same_as(question) is None:
            found.append(Draft(name, question, must, document, topic_of[document], answer))
    return found


def key_of(question: str, answer: str, common: Counter[str]) -> tuple[Any, ...]:
    """A proposed key: the quantities of the answer that the question does not give away, else its
    rarest words. Empty where the answer says nothing that the question does not."""
    asked = {(q.dimension, q.base) for q in quantities(question)}
    amounts = [
        {"value": q.value, "unit": q.unit, "tolerance": 0}
        for q in quantities(answer)
        if q.unit and not q.spelled and (q.dimension, q.base) not in asked
    ]
    if amounts:
        return tuple(amounts[:KEY_WORDS])
    words = [w for w in dict.fromkeys(_words(answer)) if w not in question]
    words.sort(key=lambda word: (common[word], -len(word)))
    return tuple([word] for word in words[:KEY_WORDS])


def split_of(draft: Draft, domain: Domain) -> Split:
    """Where a draft belongs: with the other questions of its document, else by a hash of it."""
    for question in domain.questions:
        if draft.evidence in question.evidence:
            return question.split
    mark = int(hashlib.sha256(draft.evidence.encode()).hexdigest()[:8], 16) / 2**32
    return "dev" if mark < DEV_SHARE else "test"


def read_drafts(path: Path) -> list[Draft]:
    """The drafts kept in `path`; none where there is no file. Raises DataError for a broken one."""
    if not path.exists():
        return []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # texts hold other line ends
        rows = [json.loads(line) for line in lines if line]
        return [Draft(**{**row, "must": tuple(row["must"])}) for row in rows]
    except (ValueError, TypeError, KeyError) as error:
        todo = "Delete the file and draft anew."
        raise DataError(f"is no list of drafts: {error}.", where=str(path), todo=todo) from error


def keep_drafts(drafts: Iterable[Draft], path: Path) -> None:
    """Writes the drafts, whole or not at all."""
    with whole_file(path) as file:
        for draft in drafts:
            file.write(json.dumps(asdict(draft), ensure_ascii=False) + "\n")


def write_approved(drafts: Sequence[Draft], domain: Domain, folder: Path) -> dict[Split, int]:
    """Writes the approved ones to `dev-reviewed.jsonl` and `test-reviewed.jsonl` in `folder`, and
    says how many went to each."""
    counts: dict[Split, int] = {"dev": 0, "test": 0}
    sides: tuple[Split, Split] = ("dev", "test")
    for side in sides:
        with whole_file(folder / f"{side}-reviewed.jsonl") as file:
            for draft in drafts:
                if draft.state == "approved" and split_of(draft, domain) == side:
                    file.write(json.dumps(draft.as_row(), ensure_ascii=False) + "\n")
                    counts[side] += 1
    return counts


def mended(draft: Draft, question: str, must: Sequence[str]) -> Draft:
    """The draft with another question or key, approved. Alternatives of one item are given in one
    string, separated by `|`."""
    items = tuple([part.strip() for part in item.split("|") if part.strip()] for item in must)
    return replace(
        draft,
        question=question.strip() or draft.question,
        must=tuple(item for item in items if item) or draft.must,
        state="approved",
    )


def _words(text: str) -> list[str]:
    bare = (without_josa(word) for word in _WORD.findall(text) if not _VERB.search(word))
    return [word for word in bare if len(word) > 1]
