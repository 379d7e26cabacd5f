"""Asking the exam questions, scoring the answers, comparing rungs."""

from sadari.evaluation.compare import Comparison, compare
from sadari.evaluation.exam import evaluate, questions_digest, score_answer
from sadari.evaluation.people import (
    PersonVerdict,
    WithPeople,
    keep_verdict,
    lay_over,
    read_verdicts,
    verdict_on,
    verdicts_path,
    with_people,
)
from sadari.evaluation.scorer import SCORER, Verdict, score
from sadari.evaluation.types import EvaluationError, Score, mean_parts

__all__ = [
    "SCORER",
    "Comparison",
    "EvaluationError",
    "PersonVerdict",
    "Score",
    "Verdict",
    "WithPeople",
    "compare",
    "evaluate",
    "keep_verdict",
    "lay_over",
    "mean_parts",
    "questions_digest",
    "read_verdicts",
    "score",
    "score_answer",
    "verdict_on",
    "verdicts_path",
    "with_people",
]
