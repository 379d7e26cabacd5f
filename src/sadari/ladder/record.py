"""The climb on disk: what a promotion and a later reader need, as plain JSON."""

from __future__ import annotations

from typing import Any

from sadari.domain import Question
from sadari.evaluation import Score
from sadari.ladder.judgement import Judgement
from sadari.ladder.people import count_overruled, share_by_scorer
from sadari.ladder.types import Rung


def rung_record(
    rung: Rung, judgement: Judgement, questions: tuple[Question, ...], exam: str
) -> dict[str, Any]:
    """One rung's recipe, bundle and the figures that gates read."""
    standing = judgement.standing(rung.name)
    refuse = {q.id for q in questions if q.kind == "refuse"}
    return {
        "name": rung.name,
        "control": rung.control,
        "bundle": rung.bundle,
        "recipe": dict(rung.recipe),
        "figures": {
            "exam": exam,
            "questions": len(questions),
            "right": standing.all.share.estimate,
            "interval": [standing.all.share.low, standing.all.share.high],
            "overruled": count_overruled(rung.scores),
            "right_by_scorer": share_by_scorer(rung.scores),
            "refusals_right": _share([s for s in rung.scores if s.question in refuse]),
            "seconds_p95": standing.seconds_p95,
            "price_per_thousand": rung.price_per_thousand,
            "recall_at_k": rung.recall_at_k,
            **dict(rung.facts),
        },
    }


def _share(scores: list[Score]) -> float | None:
    judged = [s.right for s in scores if s.right is not None]
    return sum(judged) / len(judged) if judged else None
