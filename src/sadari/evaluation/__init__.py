"""Asking the exam questions, scoring the answers, comparing rungs."""

from sadari.evaluation.compare import Comparison, compare
from sadari.evaluation.exam import evaluate, questions_digest, score_answer
from sadari.evaluation.scorer import SCORER, Verdict, score
from sadari.evaluation.types import EvaluationError, Score, mean_parts

__all__ = [
    "SCORER",
    "Comparison",
    "EvaluationError",
    "Score",
    "Verdict",
    "compare",
    "evaluate",
    "mean_parts",
    "questions_digest",
    "score",
    "score_answer",
]
