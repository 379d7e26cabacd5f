"""The verdict of a climb: which step paid, which did not, which rung to use, and how sure that is.

Each rung is held against its declared parent on the same questions, and the p-values of all steps
are adjusted together (Holm). A tuned rung is judged on questions whose answers tuning cannot have
seen, with two training seeds or more, and none of them may carry the verdict alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from sadari.domain.question import Question
from sadari.evaluation.compare import Comparison, Contrast, compare
from sadari.ladder.judgement import Doubt, Judgement, Verdict, Why, Word
from sadari.ladder.standing import Standing, is_tuned, stand, values
from sadari.ladder.types import Exposure, LadderError, Rung
from sadari.stats import holm, questions_needed, smallest_visible_difference
from sadari.text.language import Language

__all__ = ["FEWEST_SEEDS", "Judgement", "Verdict", "claim", "judge"]

FEWEST_SEEDS = 2


def judge(
    rungs: Sequence[Rung],
    *,
    target: float,
    alpha: float = 0.05,
    margin: float = 0.05,
    exposure: Exposure | None = None,
    questions: Sequence[Question] = (),
    setup_costs: Mapping[str, float] | None = None,
    look: int = 1,
    language: Language = "en",
) -> Judgement:
    """Judge measured rungs, given in climbing order.

    `target` and `margin` are shares (0.8 is 80%); `margin` is the loss that "not worse" still
    allows. `exposure` says what tuning has seen of the exam; without it, tuned rungs are judged on
    all questions and the verdict says so. `questions` are
    the exam, for the report's breakdown by topic and level and its list of wrong answers.
    `setup_costs` are one-time costs by rung, in the rung's currency, for the break-even volume.

    Raises `LadderError` without rungs, for a name used twice, or for a parent not measured.
    """
    _check(rungs, target)
    costs = setup_costs or {}
    standings = tuple(
        stand(r, target=target, exposure=exposure, setup_cost=costs.get(r.name)) for r in rungs
    )
    standings = tuple(_with_break_even(s, standings) for s in standings)
    verdicts = _verdicts(rungs, alpha, margin, exposure)
    choice, why = _choose(rungs, standings, verdicts, exposure)
    first = standings[0].all
    family = max(1, sum(not v.control for v in verdicts))
    return Judgement(
        rungs=tuple(rungs),
        standings=standings,
        verdicts=verdicts,
        choice=choice,
        why=why,
        target=target,
        alpha=alpha,
        margin=margin,
        n=first.n,
        groups=first.groups,
        visible=smallest_visible_difference(first.n, alpha=alpha / family),
        look=look,
        language=language,
        questions=tuple(questions),
    )


def claim(
    test: Contrast, p_holm: float, *, tuned: bool, alpha: float
) -> tuple[Literal["better", "worse"] | None, Doubt]:
    """Whether a tested difference may be called better or worse, or what speaks against it.

    A tuned rung with a single seed cannot pass. Where seeds differ, their spread counts against
    the difference, and leaving out any one of them must keep the sign and p ≤ alpha, so that no
    lucky (or unlucky) seed carries the verdict.
    """
    if test.difference == 0 or p_holm > alpha:
        return None, "seeds differ" if test.p_questions <= alpha < test.p else ""
    if tuned and len(test.seeds) < FEWEST_SEEDS:
        return None, "one seed"
    for seed in test.seeds:
        if seed.p_without is None or seed.difference_without is None:
            continue
        if seed.p_without > alpha or seed.difference_without * test.difference <= 0:
            return None, "carried by one seed"
    return ("better" if test.difference > 0 else "worse"), ""


def _verdicts(
    rungs: Sequence[Rung], alpha: float, margin: float, exposure: Exposure | None
) -> tuple[Verdict, ...]:
    by_name = {rung.name: rung for rung in rungs}
    steps = [(by_name[rung.parent], rung) for rung in rungs if rung.parent is not None]
    unseen = exposure.unseen if exposure else None
    deciding = [_step(parent, rung, unseen if is_tuned(rung) else None) for parent, rung in steps]
    family = [i for i, (_, rung) in enumerate(steps) if not rung.control and not deciding[i].void]
    adjusted = dict(zip(family, holm([deciding[i].p for i in family]), strict=True))
    alarmed = {
        rung.parent
        for (_, rung), step in zip(steps, deciding, strict=True)
        if rung.control and step.difference > 0 and step.p <= alpha
    }
    verdicts = []
    for index, (parent, rung) in enumerate(steps):
        step = replace(deciding[index], p_holm=adjusted.get(index))
        tuned = is_tuned(rung)
        word, doubt = _word(step, rung, tuned, alpha, margin)
        if tuned and word == "better" and rung.parent in alarmed:
            word, doubt = "inconclusive", "control gained"
        each = alpha / max(1, len(family))
        needed = questions_needed(
            step.difference, step.disagreement, design_effect=step.design_effect, alpha=each
        )
        trained = exposure.trained if tuned and exposure else frozenset()
        verdicts.append(
            Verdict(
                comparison=step,
                word=word,
                doubt=doubt,
                more=None if needed is None else max(1, needed - step.n),
                visible=smallest_visible_difference(
                    step.n, step.disagreement, design_effect=step.design_effect, alpha=each
                ),
                control=rung.control,
                on_unseen=tuned and exposure is not None,
                trained=_step(parent, rung, trained) if trained else None,
            )
        )
    return tuple(verdicts)


def _step(parent: Rung, child: Rung, only: Collection[str] | None) -> Comparison:
    names = (parent.name, child.name)
    return compare(parent.scores, child.scores, only=only, names=names)


def _word(
    step: Comparison, rung: Rung, tuned: bool, alpha: float, margin: float
) -> tuple[Word, Doubt]:
    if step.void:
        return "void", ""
    if rung.control:
        return ("gained" if step.difference > 0 and step.p <= alpha else "gained nothing"), ""
    p = step.p if step.p_holm is None else step.p_holm
    claimed, doubt = claim(step.contrast, p, tuned=tuned, alpha=alpha)
    if claimed is not None:
        return claimed, ""
    if step.interval.low > -margin and not doubt:
        lonely = tuned and len(step.seeds) < FEWEST_SEEDS
        return ("inconclusive", "one seed") if lonely else ("not worse", "")
    return "inconclusive", doubt


def _choose(
    rungs: Sequence[Rung],
    standings: Sequence[Standing],
    verdicts: Sequence[Verdict],
    exposure: Exposure | None,
) -> tuple[str, Why]:
    """The cheapest rung that meets the target; else the highest whose step paid; else the first."""
    by_rung = {verdict.name: verdict for verdict in verdicts}
    able = [
        s
        for s in standings
        if not s.control
        and s.meets != "no"
        and not (s.tuned and len(s.seeds) < FEWEST_SEEDS)
        and not (s.name in by_rung and (by_rung[s.name].word == "void" or by_rung[s.name].doubt))
    ]
    if able:
        priced = all(s.price_per_thousand is not None for s in able)
        comparable = priced and len({s.currency for s in able}) == 1
        # Without prices the order of climbing is the order of cost.
        cheapest = min(able, key=lambda s: s.price_per_thousand or 0.0) if comparable else able[0]
        return cheapest.name, "meets"
    chosen = rungs[0]
    for rung in rungs:
        verdict = by_rung.get(rung.name)
        if verdict is None or verdict.word != "better":
            continue
        # A rung from another branch must also be ahead of the one chosen so far.
        if rung.parent == chosen.name or _ahead(rung, chosen, exposure):
            chosen = rung
    return chosen.name, "nothing paid" if chosen is rungs[0] else "paid"


def _ahead(rung: Rung, other: Rung, exposure: Exposure | None) -> bool:
    """Whether `rung` has the higher share right on the questions that decide."""
    only = exposure.unseen if exposure and (is_tuned(rung) or is_tuned(other)) else None
    return compare(other.scores, rung.scores, only=only).difference > 0


def _with_break_even(standing: Standing, standings: Sequence[Standing]) -> Standing:
    parent = next((s for s in standings if s.name == standing.parent), None)
    if parent is None or standing.setup_cost is None or standing.currency != parent.currency:
        return standing
    if standing.price_per_thousand is None or parent.price_per_thousand is None:
        return standing
    saved = (parent.price_per_thousand - standing.price_per_thousand) / 1_000
    return replace(standing, break_even=standing.setup_cost / saved) if saved > 0 else standing


def _check(rungs: Sequence[Rung], target: float) -> None:
    if not rungs:
        raise LadderError("There is no rung to judge.", todo="Measure at least the prompt rung.")
    if not 0 < target <= 1:
        raise LadderError(f"A target of {target} is not a share right.", todo="Give 0.8 for 80%.")
    names = [rung.name for rung in rungs]
    for rung in rungs:
        if names.count(rung.name) > 1:
            raise LadderError(f"Two rungs are called {rung.name}.", todo="Rename one of them.")
        if rung.parent is not None and rung.parent not in names:
            raise LadderError(
                f"The rung {rung.name} is to be held against {rung.parent}, which is missing.",
                todo=f"Measure {rung.parent} too, or name another parent.",
            )
        if not values(rung.scores):
            raise LadderError(
                f"No question could be asked on the rung {rung.name}.",
                todo="Look at the reasons in its scores and measure it again.",
            )
