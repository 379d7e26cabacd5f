"""The prompt is chosen on the dev questions, and what it shows as an example counts for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from sadari.assistant import Recipe, recipe_for
from sadari.domain import Domain, Question, read_domain
from sadari.evaluation import Score
from sadari.ladder.improve import HINTS, improve

ALD = Path(__file__).parents[2] / "examples" / "ald"


class Ear:
    """Scores a candidate by a rule, and remembers which questions were asked."""

    def __init__(self, hint: str, tokens: int = 100) -> None:
        self.hint, self.tokens = hint, tokens
        self.asked: set[str] = set()

    async def __call__(self, recipe: Recipe, questions: Sequence[Question]) -> list[Score]:
        self.asked |= {q.id for q in questions}
        hinted = self.hint in recipe.prompt.system
        length = self.tokens + 50 * len(recipe.prompt.examples) + len(recipe.prompt.system)
        return [
            Score(q.id, q.group, "b", "key", hinted or i == 0, "…", prompt_tokens=length)
            for i, q in enumerate(questions)
        ]


def choose(domain: Domain, ear: Ear) -> tuple[Recipe, int]:
    best, trials = asyncio.run(
        improve(recipe_for(domain, "prompt"), domain, domain.exam("dev"), ear)
    )
    return best, len(trials)


def test_the_best_on_dev_wins_and_no_test_question_is_asked() -> None:
    """PREVENT 23: the exam that judges is not looked at while the prompt is chosen."""
    domain = read_domain(ALD)
    hint = HINTS[domain.settings.language][0]
    ear = Ear(hint)
    best, tried = choose(domain, ear)
    assert hint in best.prompt.system
    assert tried == domain.settings.prompt.candidates
    assert ear.asked <= {q.id for q in domain.exam("dev")}
    assert not ear.asked & {q.id for q in domain.exam("test")}
    shown = {answer for _, answer in best.prompt.examples}
    assert not shown & {q.reference for q in domain.exam("dev") if q.id in ear.asked}


def test_among_equals_the_shortest_prompt_wins() -> None:
    domain = read_domain(ALD)
    best, _ = choose(domain, Ear("no candidate says this"))
    assert best == recipe_for(domain, "prompt")
