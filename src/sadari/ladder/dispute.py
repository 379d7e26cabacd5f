"""The last evaluation's answers before a person: which to show, and what becomes of a verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sadari.domain import Domain, Question
from sadari.evaluation import (
    EvaluationError,
    PersonVerdict,
    Score,
    WithPeople,
    keep_verdict,
    lay_over,
    questions_digest,
    read_verdicts,
    verdict_on,
    verdicts_path,
    with_people,
)
from sadari.ladder.single import read_scores
from sadari.store import Store

SAMPLE = 20  # answers called right that a walk shows after the wrong ones


@dataclass(frozen=True)
class Dispute:
    """An evaluation open to a person's verdicts."""

    run: str
    domain: str
    exam: str
    store: Store
    questions: Mapping[str, Question]
    scores: tuple[Score, ...]
    verdicts: tuple[PersonVerdict, ...]

    @property
    def waiting(self) -> tuple[Score, ...]:
        """What a walk shows: answers called wrong, then a sample of those called right, each in
        an order drawn by lot so that a walk that stops early has still seen a sample. Answers
        that an earlier walk judged are left out."""
        seen = {verdict.about for verdict in self.verdicts if verdict.drawn}
        wrong, right = (self._by_lot(side) for side in (False, True))
        return tuple(s for s in (*wrong, *right[:SAMPLE]) if self._about(s) not in seen)

    def answer_to(self, question: str) -> Score:
        """The answer to a question. Raises EvaluationError where it was not asked."""
        for score in self.scores:
            if score.question == question:
                return score
        raise EvaluationError(
            f"{self.run} did not ask {question}.",
            todo=f"Its questions are {', '.join(list(self.questions)[:5])}, …",
        )

    def count_look(self) -> int:
        """A person who reads answers to test questions has looked at them: counts that and
        returns how many looks there were; 0 for dev questions."""
        if all(question.split == "dev" for question in self.questions.values()):
            return 0
        return self.store.next_look(self.domain, self.exam)

    def agreement(self) -> WithPeople | None:
        """The scorer's agreement with people on these questions, with the verdicts up to now."""
        verdicts = read_verdicts(verdicts_path(self.store, self.domain))
        return with_people(verdicts, self.questions.values(), self.scores)

    def _by_lot(self, called: bool) -> list[Score]:
        side = [score for score in self.scores if score.by_scorer is called]
        return sorted(side, key=lambda s: hashlib.sha256(repr(self._about(s)).encode()).digest())

    def _about(self, score: Score) -> tuple[str, str, str]:
        return verdict_on(self.questions[score.question], score, True, "", False).about


def open_dispute(domain: Domain, store: Store) -> Dispute:
    """The domain's last evaluation, its answers with the verdicts that stand. Raises
    EvaluationError where there is none, or where the questions were changed since."""
    runs = [run for run in store.runs(domain.id, "evaluate") if run.status == "done"]
    if not runs:
        todo = f"Run `sadari evaluate {domain.path}` first."
        raise EvaluationError("there is no evaluation to dispute.", todo=todo)
    last = runs[-1]
    split = last.settings["split"]
    questions = domain.exam(split, last.settings.get("task", ""))
    if questions_digest(questions) != last.inputs["exam"]:
        todo = f"Run `sadari evaluate {domain.path} --split {split}` again: it judges by them."
        raise EvaluationError(f"the {split} questions were changed since {last.id}.", todo=todo)
    verdicts = read_verdicts(verdicts_path(store, domain.id))
    scores = lay_over(read_scores(store, last.id), questions, verdicts)
    by_id = {question.id: question for question in questions}
    whole = questions_digest(domain.exam(split))
    return Dispute(last.id, domain.id, whole, store, by_id, scores, verdicts)


def judge_answer(
    dispute: Dispute, score: Score, right: bool, reason: str = "", *, drawn: bool
) -> tuple[PersonVerdict, Path]:
    """Keeps what a person says of an answer; `drawn` where a walk brought it up, this one or one
    before. Returns the verdict and the file that it lies in."""
    question = dispute.questions[score.question]
    verdict = verdict_on(question, score, right, reason, drawn)
    if any(one.drawn and one.about == verdict.about for one in dispute.verdicts):
        verdict = replace(verdict, drawn=True)
    return verdict, keep_verdict(verdict, dispute.store, dispute.domain)


def overruled(verdicts: Sequence[PersonVerdict]) -> int:
    """How many verdicts go against the scorer."""
    return sum(verdict.right != verdict.by_scorer for verdict in verdicts)
