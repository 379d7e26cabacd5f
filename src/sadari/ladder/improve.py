"""No straw men: each rung's prompt is chosen among a few on the dev questions, then judged once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from sadari.assistant import Recipe
from sadari.domain import Domain, Question
from sadari.evaluation import Score

SHOTS = 3

# Ways to put the task that help one model and not another; which, the dev questions decide.
HINTS = {
    "ko": (
        "답이 되는 문장을 짧고 정확하게 쓰고, 값에는 단위를 붙이세요.",
        "질문이 묻는 것에만 한두 문장으로 답하세요.",
    ),
    "en": (
        "Answer briefly and exactly; give every value its unit.",
        "Answer only what is asked, in one or two sentences.",
    ),
}

Measure = Callable[[Recipe, Sequence[Question]], Awaitable[Sequence[Score]]]


@dataclass(frozen=True)
class Trial:
    """One candidate on the dev questions."""

    recipe: Recipe
    right: float
    tokens: float


async def improve(
    recipe: Recipe, domain: Domain, dev: Sequence[Question], measure: Measure
) -> tuple[Recipe, tuple[Trial, ...]]:
    """The best of the candidates by share right on `dev`, the shortest prompt among equals, and
    every trial. Dev questions that serve as worked examples are not counted for anybody. Without
    dev questions the recipe stays as it is."""
    shots = _shots(dev)
    shown = {q.id for q in shots}
    asked = [q for q in dev if q.id not in shown]
    if not asked:
        return recipe, ()
    trials = []
    for candidate in candidates(recipe, domain, shots):
        scores = [s for s in await measure(candidate, asked) if s.right is not None]
        if not scores:
            continue
        right = sum(bool(s.right) for s in scores) / len(scores)
        tokens = sum(s.prompt_tokens for s in scores) / len(scores)
        trials.append(Trial(candidate, right, tokens))
    if not trials:
        return recipe, ()
    best = max(trials, key=lambda trial: (trial.right, -trial.tokens))
    return best.recipe, tuple(trials)


def candidates(recipe: Recipe, domain: Domain, shots: Sequence[Question]) -> list[Recipe]:
    """At most `prompt.candidates` variants, the domain's own wording first: with worked examples
    (closed book), with one passage fewer (rag), with a hint, with both."""
    prompt = recipe.prompt
    hints = HINTS[domain.settings.language]
    hinted = [replace(prompt, system=f"{prompt.system}\n{hint}") for hint in hints]
    if recipe.retrieval is not None:
        fewer = replace(recipe.retrieval, k=max(1, recipe.retrieval.k - 1))
        found = [
            recipe,
            replace(recipe, retrieval=fewer),
            replace(recipe, prompt=hinted[0]),
            replace(recipe, prompt=hinted[1], retrieval=fewer),
        ]
    else:
        asked = [prompt.of_task(q.messages, q.task)[-1].content for q in shots]
        worked = tuple((text, q.reference) for text, q in zip(asked, shots, strict=True))
        found = [
            recipe,
            replace(recipe, prompt=replace(prompt, examples=worked)),
            replace(recipe, prompt=hinted[0]),
            replace(recipe, prompt=replace(hinted[1], examples=worked)),
        ]
    return list(dict.fromkeys(found))[: domain.settings.prompt.candidates]


def _shots(dev: Sequence[Question]) -> list[Question]:
    """A few dev questions with short written answers, of different topics."""
    usable = sorted((q for q in dev if q.reference and len(q.messages) == 1), key=lambda q: q.id)
    chosen: dict[str, Question] = {}
    for question in usable:
        chosen.setdefault(question.topic, question)
    return list(chosen.values())[:SHOTS]
