"""A person's verdicts on answers: kept, laid over the scorer's own, and held against them.

A verdict is about one answer to one question with one key. Where any of the three is changed it
is void: the next answer is judged afresh.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sadari.domain import Question, Split
from sadari.evaluation.scorer import SCORER
from sadari.evaluation.types import EvaluationError, Score
from sadari.stats import Interval, agreement, weighed_share, wilson
from sadari.store import Store, whole_file


@dataclass(frozen=True)
class PersonVerdict:
    """What a person said of an answer, and the scorer before them. `key` names the question's
    words and its key. `drawn` says that the answer came up in a walk through an evaluation; one
    that was picked out by hand says nothing about the other answers."""

    question: str
    key: str
    answer: str
    right: bool
    scorer: str
    by_scorer: bool
    split: Split
    drawn: bool
    reason: str = ""
    at: str = ""

    @property
    def about(self) -> tuple[str, str, str]:
        """What it holds for."""
        return self.question, self.key, _digest(self.answer)


@dataclass(frozen=True)
class Side:
    """Of the answers that the scorer called right, or wrong: how many a person judged, and the
    share on which both agree."""

    judged: int
    share: Interval


@dataclass(frozen=True)
class WithPeople:
    """How far the scorer agrees with people, over the answers that a walk drew: `share` of the
    `judged` ones, `kappa` more than chance (None where all got one label), and both sides apart.
    A walk draws wrong answers before right ones; `whole` weighs the sides as they stand in the
    evaluation, None where one was not judged. `picked` answers were picked out by hand and are
    not counted."""

    judged: int
    agreed: int
    share: Interval
    kappa: Interval | None
    called_wrong: Side
    called_right: Side
    whole: Interval | None
    picked: int


def verdict_on(
    question: Question, score: Score, right: bool, reason: str, drawn: bool
) -> PersonVerdict:
    """A person's verdict on a scored answer. Raises EvaluationError where there is no answer."""
    if score.by_scorer is None:
        raise EvaluationError(f"{question.id} could not be asked, so there is nothing to judge.")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return PersonVerdict(
        question.id,
        key_digest(question),
        score.answer,
        right,
        score.scorer,
        score.by_scorer,
        question.split,
        drawn,
        reason.strip(),
        at,
    )


def keep_verdict(verdict: PersonVerdict, store: Store, domain: str) -> Path:
    """Adds a verdict to those of the domain, safe when it returns; the last on an answer counts.
    Returns the file. Raises EvaluationError where the file is broken."""
    path = verdicts_path(store, domain)
    with store.lock(f"verdicts-{domain}"):
        read_verdicts(path)  # a broken file is told, not carried on
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        with whole_file(path) as file:
            file.write(before + json.dumps(asdict(verdict), ensure_ascii=False) + "\n")
    return path


def verdicts_path(store: Store, domain: str) -> Path:
    """Where a domain's verdicts lie: one JSON object a line, oldest first."""
    return store.home / "verdicts" / f"{domain}.jsonl"


def read_verdicts(path: Path) -> tuple[PersonVerdict, ...]:
    """The verdicts in force: of several on one answer the last. None where there is no file.
    Raises EvaluationError with file and line for one that cannot be read."""
    if not path.exists():
        return ()
    found: dict[tuple[str, str, str], PersonVerdict] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            verdict = PersonVerdict(**json.loads(line))
            if not (isinstance(verdict.right, bool) and isinstance(verdict.by_scorer, bool)):
                raise ValueError
            found[verdict.about] = verdict
        except (ValueError, TypeError, AttributeError) as error:
            raise EvaluationError(
                "is not a verdict as `sadari evaluate --dispute` writes it.",
                where=f"{path}:{number}",
                todo="Mend or drop the line.",
            ) from error
    return tuple(found.values())


def lay_over(
    scores: Sequence[Score], questions: Iterable[Question], verdicts: Iterable[PersonVerdict]
) -> tuple[Score, ...]:
    """The scores with people's verdicts in the place of the scorer's, on the same answer to the
    same question with the same key only."""
    said = {verdict.about: verdict for verdict in verdicts}
    keys = {question.id: key_digest(question) for question in questions}
    laid = []
    for score in scores:
        own = score.by_scorer
        about = (score.question, keys.get(score.question, ""), _digest(score.answer))
        verdict = said.get(about) if own is not None else None
        laid.append(
            replace(score, right=own, person=None, overruled=False, reason="")
            if verdict is None
            else replace(
                score,
                right=verdict.right,
                person=verdict.right,
                overruled=verdict.right != own,
                reason=verdict.reason,
            )
        )
    return tuple(laid)


def with_people(
    verdicts: Iterable[PersonVerdict], questions: Iterable[Question], scores: Sequence[Score]
) -> WithPeople | None:
    """The present scorer's agreement with people on these questions, whichever evaluation the
    answers came from; `scores` say how many answers it calls right and wrong. None where nobody
    judged an answer."""
    keys = {(question.id, key_digest(question)) for question in questions}
    mine = [v for v in verdicts if (v.question, v.key) in keys and v.scorer == SCORER]
    drawn = [verdict for verdict in mine if verdict.drawn]
    if not mine:
        return None
    both = agreement([v.by_scorer for v in drawn], [v.right for v in drawn])
    wrong, right = (_side([v for v in drawn if v.by_scorer is side]) for side in (False, True))
    called = [score.by_scorer for score in scores]
    weights = ((called.count(False), wrong), (called.count(True), right))
    parts = [(float(weight), side.share) for weight, side in weights if weight]
    known = parts and all(side.judged for weight, side in weights if weight)
    return WithPeople(
        judged=len(drawn),
        agreed=sum(v.right == v.by_scorer for v in drawn),
        share=both.share,
        kappa=both.kappa,
        called_wrong=wrong,
        called_right=right,
        whole=weighed_share(parts) if known else None,
        picked=len(mine) - len(drawn),
    )


def key_digest(question: Question) -> str:
    """Names what was asked and what is right."""
    asked = asdict(question)
    text = json.dumps([asked[name] for name in ("messages", "kind", "key")], ensure_ascii=False)
    return _digest(text)


def _side(verdicts: Sequence[PersonVerdict]) -> Side:
    agreed = sum(v.right == v.by_scorer for v in verdicts)
    return Side(len(verdicts), wilson(agreed, len(verdicts)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
