"""What people said of the scorer's verdicts, beside every verdict that rests on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sadari.evaluation import PersonVerdict, Score, WithPeople, with_people
from sadari.ladder.figures import between, percent
from sadari.ladder.judgement import Judgement, People
from sadari.ladder.types import Rung
from sadari.stats import Interval
from sadari.text.language import Language

Judge = Callable[[Sequence[Rung]], Judgement]


def with_said(
    judgement: Judgement, verdicts: Sequence[PersonVerdict], judge_again: Judge
) -> Judgement:
    """The judgement with what people said of its answers. Where they overruled one, `judge_again`
    says what the scorer alone would have chosen."""
    rungs, questions = judgement.rungs, judgement.questions
    agreement = with_people(verdicts, questions, [s for rung in rungs for s in rung.scores])
    overruled = {rung.name: count_overruled(rung.scores) for rung in rungs}
    if agreement is None and not any(overruled.values()):
        return judgement
    alone = [replace(rung, scores=by_scorer(rung.scores)) for rung in rungs]
    choice = judge_again(alone).choice if any(overruled.values()) else judgement.choice
    shares = {rung.name: share_by_scorer(rung.scores) or 0.0 for rung in rungs}
    return replace(judgement, people=People(overruled, shares, choice, agreement))


def by_scorer(scores: Sequence[Score]) -> tuple[Score, ...]:
    """The scores as if nobody had overruled any."""
    return tuple(replace(s, right=s.by_scorer, person=None, overruled=False) for s in scores)


def count_overruled(scores: Sequence[Score]) -> int:
    """Answers on which a person overruled the scorer; one word for word is one, whichever seed
    gave it."""
    return len({(s.question, s.answer) for s in scores if s.overruled})


def share_by_scorer(scores: Sequence[Score]) -> float | None:
    """The share right by the scorer alone; None where nothing could be asked."""
    asked = [s.by_scorer for s in scores if s.by_scorer is not None]
    return sum(asked) / len(asked) if asked else None


def people_sentences(judgement: Judgement, language: Language) -> tuple[str, ...]:
    """How many answers were overruled and what the scorer alone says; how far both agree."""
    people = judgement.people
    if people is None:
        return ()
    lines = []
    if any(people.overruled.values()):
        counts = ", ".join(f"{name} {n}" for name, n in people.overruled.items() if n)
        shares = ", ".join(f"{name} {percent(people.by_scorer[name])}" for name in people.overruled)
        total = sum(people.overruled.values())
        line = overruled_sentence(total, counts, shares, language)
        if people.choice_by_scorer != judgement.choice:
            line += {
                "en": f" It alone would choose {people.choice_by_scorer}: people's verdicts "
                "decided. Have as many answers of the other rungs judged.",
                "ko": f" 채점기만으로는 {people.choice_by_scorer} 단이 됩니다. 사람의 판단이 "
                "결과를 바꿨으므로, 다른 단의 답도 같은 수만큼 확인하십시오.",
            }[language]
        lines.append(line)
    if people.agreement is not None:
        lines.append(agreement_sentence(people.agreement, language))
    return tuple(lines)


def overruled_sentence(total: int, counts: str, shares: str, language: Language) -> str:
    """How many answers a person overruled, and the share right without that."""
    if language == "ko":
        return f"사람이 뒤집은 답 {total}개 ({counts}). 채점기만의 정답률: {shares}."
    answers = "1 answer" if total == 1 else f"{total} answers"
    return f"{answers} overruled by a person ({counts}). Right by the scorer alone: {shares}."


def agreement_sentence(found: WithPeople, language: Language) -> str:
    """The scorer's agreement with people, of the answers judged and of the whole evaluation."""
    if not found.judged:
        return {
            "en": f"{found.picked} answers were judged by hand, all of them picked out: how far "
            "the scorer agrees with people is not known. `--dispute` walks through a sample.",
            "ko": f"사람이 판정한 답 {found.picked}개는 모두 골라낸 것이라 채점기와 사람의 "
            "일치율은 알 수 없습니다. `--dispute`로 표본을 확인하십시오.",
        }[language]
    wrong, right = (
        f"{_share(side.share)[:-1]}, n={side.judged})" if side.judged else "–"
        for side in (found.called_wrong, found.called_right)
    )
    text, whole = {
        "en": (
            f"The scorer and people agree on {found.agreed} of {found.judged} answers judged, "
            f"{_share(found.share)}; of those that it called wrong {wrong}, right {right}.",
            " Weighed as this evaluation stands: {0}.",
        ),
        "ko": (
            f"채점기와 사람: 판정한 답 {found.judged}개 중 {found.agreed}개 일치, "
            f"{_share(found.share)}. 채점기가 오답이라 한 답 {wrong}, 정답이라 한 답 {right}.",
            " 두 쪽을 이 평가의 비율로 합치면 {0}.",
        ),
    }[language]
    return text + (whole.format(_share(found.whole)) if found.whole else "")


def _share(share: Interval) -> str:
    return f"{percent(share.estimate)} ({between(share)})"
