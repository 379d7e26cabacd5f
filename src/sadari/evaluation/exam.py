"""Asking an assistant the exam: answers in fixed batches, each scored against its key."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from sadari.assistant import Answer, Assistant
from sadari.domain import Document, Question
from sadari.evaluation.scorer import SCORER, score
from sadari.evaluation.types import Score
from sadari.llm.types import Failure
from sadari.store import write_json

BATCH = 80  # questions asked together; fixed, so that the same exam gives the same answers
REMOTE_SECONDS = 24 * 3600  # a model elsewhere may change under its name: its scores are kept a day

OnProgress = Callable[[int, int], None]


async def evaluate(
    assistant: Assistant,
    questions: Sequence[Question],
    documents: Mapping[str, Document],
    *,
    repeat: int = 0,
    kept: Path | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Score, ...]:
    """One Score per question, in order. `documents` (by id) are the evidence that the scorer reads;
    `repeat` numbers the training seed. Batches already scored for the same bundle, questions,
    evidence and scorer are read from the folder `kept`, so an interrupted exam goes on where it
    stopped; a batch with a question that could not be asked is asked again."""
    scores: list[Score] = []
    for start in range(0, len(questions), BATCH):
        batch = questions[start : start + BATCH]
        path = kept / f"{_digest(assistant, batch, documents, repeat)}.json" if kept else None
        scored = _read(path, assistant.model.info.remote) if path else None
        if scored is None:
            scored = await _ask(assistant, batch, documents, repeat)
            if path and all(s.right is not None for s in scored):
                _write(path, scored)
        scores.extend(scored)
        if on_progress:
            on_progress(len(scores), len(questions))
    return tuple(scores)


async def _ask(
    assistant: Assistant,
    questions: Sequence[Question],
    documents: Mapping[str, Document],
    repeat: int,
) -> list[Score]:
    prompt = assistant.recipe.prompt
    answers = await assistant.answer_all([prompt.of_task(q.messages, q.task) for q in questions])
    return [
        score_answer(question, answer, assistant.release, documents, repeat)
        for question, answer in zip(questions, answers, strict=True)
    ]


def score_answer(
    question: Question,
    answer: Answer | Failure,
    bundle: str,
    documents: Mapping[str, Document],
    repeat: int = 0,
) -> Score:
    """The score of one answer. `found` says whether all the evidence was retrieved; it is None
    without retrieval or evidence. A failure is no wrong answer: `right` is None."""
    if isinstance(answer, Failure):
        return Score(
            question.id, question.group, bundle, SCORER, None, "", answer.reason, repeat=repeat
        )
    verdict = score(question, answer.text, _evidence(question, documents))
    found = None
    if answer.retrieved and question.evidence:
        found = set(question.evidence) <= {c.document for c in answer.retrieved}
    return Score(
        question=question.id,
        group=question.group,
        bundle=bundle,
        scorer=SCORER,
        right=verdict.right,
        answer=answer.text,
        why=verdict.why,
        found=found,
        repeat=repeat,
        seconds=answer.seconds,
        prompt_tokens=answer.usage.prompt_tokens,
        completion_tokens=answer.usage.completion_tokens,
        parts=dict(verdict.parts) | {"ungrounded": float(len(answer.ungrounded))},
    )


def questions_digest(questions: Sequence[Question]) -> str:
    """Names an exam: SHA-256 over what is asked and what is right."""
    rows = [asdict(q) | {"source": ""} for q in questions]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _evidence(question: Question, documents: Mapping[str, Document]) -> list[str]:
    return [documents[name].text for name in question.evidence if name in documents]


def _digest(
    assistant: Assistant,
    questions: Sequence[Question],
    documents: Mapping[str, Document],
    repeat: int,
) -> str:
    evidence = json.dumps([_evidence(q, documents) for q in questions], ensure_ascii=False)
    read = hashlib.sha256(evidence.encode()).hexdigest()
    key = f"{assistant.release}/{questions_digest(questions)}/{read}/{SCORER}/{repeat}"
    return hashlib.sha256(key.encode()).hexdigest()


def _read(path: Path, remote: bool) -> list[Score] | None:
    if not path.is_file() or (remote and time.time() - path.stat().st_mtime > REMOTE_SECONDS):
        return None
    return [Score(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def _write(path: Path, scores: Sequence[Score]) -> None:
    write_json([asdict(s) for s in scores], path)
